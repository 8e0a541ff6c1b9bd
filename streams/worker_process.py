"""A worker that is started for a job (a replay, a benchmark) and ends with it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from streams.errors import WorkerFailed
from streams.settings import Settings

STOP_S_MAX = 30.0
"""So long a worker may take to finish what it has begun."""
LAST_WORDS_CHARS_MAX = 2_000


class WorkerProcess:
    """`goeswith worker` under these settings, for the length of a `with` block."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {**os.environ, **environment(settings)}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises `WorkerFailed` when the worker is not running."""
        self.check()
        assert self._process is not None  # noqa: S101  # for the type checker: check() has seen it
        return self._process.pid

    def check(self) -> None:
        """Raises `WorkerFailed`, with the worker's last words, when it is not running."""
        if self._process is None:
            raise WorkerFailed("the worker has not been started: use it in a `with` block")
        code = self._process.poll()
        if code is not None:
            raise WorkerFailed(f"the worker ended with exit code {code}: {self.last_words()}")

    def last_words(self) -> str:
        """The end of what it logged."""
        said = self._log().read_text(errors="replace") if self._folder is not None else ""
        return said[-LAST_WORDS_CHARS_MAX:].strip() or "it said nothing"

    def _log(self) -> Path:
        assert self._folder is not None  # noqa: S101  # for the type checker: the block is entered
        return Path(self._folder.name) / "log"

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="goeswith-worker-")
        with self._log().open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams", "worker"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: the worker ends when we say so
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables under which `Settings()` is these settings, whatever others say.

    >>> environment(Settings(topic_prefix="bakery"))["GOESWITH_TOPIC_PREFIX"]
    'bakery'
    """
    return {f"GOESWITH_{name.upper()}": _text(value) for name, value in settings}


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
