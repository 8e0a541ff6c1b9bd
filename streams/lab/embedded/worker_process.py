"""A worker, or another program of ours, that is started for a job and ends with it.

The job is a demo, a replay, a benchmark. Whoever kills us ends the program, too, though SIGKILL
leaves no time to tidy up: a shell waits for the end of a pipe of which we alone hold the other end.
What the program says is in a nameless file.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import IO, Self

from pydantic import SecretStr

from streams.contract.errors import WorkerFailed
from streams.contract.settings import Settings
from streams.lab.embedded.last_words import last_words

STOP_S_MAX = 30.0
"""So long a program may take to finish what it has begun."""
_ROPE = 'cat >/dev/null; kill -KILL "$1"'


class ProgramProcess:
    """`goeswith PROGRAM` under these settings, for the length of a `with` block.

    `program` is a command that serves until it is stopped: worker, gateway, console; or the name of
    another one, with the words behind Python's name that start it.
    """

    def __init__(self, program: str, settings: Settings, words: Sequence[str] = ()) -> None:
        self.program = program
        self._words = words or ("-m", "streams", program)
        others = {name: value for name, value in os.environ.items() if not _is_ours(name)}
        self._environment = {**others, **environment(settings)}
        self._log: IO[bytes] | None = None
        self._ending = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises `WorkerFailed` when the program is not running."""
        self.check()
        assert self._process is not None  # noqa: S101  # for the type checker: check() has seen it
        return self._process.pid

    def check(self) -> None:
        """Raises `WorkerFailed`, with the program's last words, when it is not running."""
        if self._process is None:
            raise WorkerFailed(f"the {self.program} has not been started: use it in a `with` block")
        code = self._process.poll()
        if code is not None:
            said = self.last_words()
            raise WorkerFailed(f"the {self.program} ended with exit code {code}: {said}")

    @property
    def is_running(self) -> bool:
        """Whether it has been started, and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start_again(self) -> None:
        """Start it anew, under the same settings; what was left of it is ended."""
        self._ending.close()
        self.__enter__()

    def last_words(self) -> str:
        """The end of what it logged."""
        return last_words(self._log) if self._log is not None else "it said nothing"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._log = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(  # noqa: S603  # our own words
                [sys.executable, *self._words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: it ends when we say so
            )
            stack.callback(_end, self._process)
            stack.enter_context(_rope(self._process.pid))
            self._ending = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()
        self._log = None


class WorkerProcess(ProgramProcess):
    """`goeswith worker` under these settings, for the length of a `with` block."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("worker", settings)


@contextmanager
def _rope(pid: int) -> Iterator[None]:
    """Ends that process at once when we are killed within the block."""
    command = ["sh", "-c", _ROPE, "sh", str(pid)]
    with subprocess.Popen(  # noqa: S603  # our own words
        command, stdin=subprocess.PIPE, start_new_session=True
    ) as shell:
        try:
            yield
        finally:
            shell.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables under which `Settings()` is these settings, whatever others say.

    >>> environment(Settings(topic_prefix="bakery"))["GOESWITH_TOPIC_PREFIX"]
    'bakery'
    """
    return {f"GOESWITH_{name.upper()}": _text(value) for name, value in settings}


def _is_ours(name: str) -> bool:
    """A mistyped setting in our own environment is no reason for the worker to end."""
    return name.upper().startswith("GOESWITH_")


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
