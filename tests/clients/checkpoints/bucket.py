"""An object store in memory, for fsspec: it creates what is not there for one of all who try.

And what a store does on bad days, for who tells it to.
"""

from threading import Event, Lock
from typing import Any, ClassVar

import pytest

pytest.importorskip("fsspec", reason="the extra object-store is not installed")

from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem


class Bucket(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store whose objects all of the process see, by `bucket://NAME`."""

    protocol = "bucket"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    _one: ClassVar[Lock] = Lock()
    hangs: ClassVar[Event] = Event()
    """Told to, it answers nobody."""
    overwrites: ClassVar[Event] = Event()
    """Told to, it overwrites what was only to be created."""
    slow: ClassVar[Event] = Event()
    """Told to, it does not write, nor say what is there."""
    opened: ClassVar[list[int]] = []
    """A driver each that was made."""
    refuses: ClassVar[list[str]] = []
    """What it says to whoever writes."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.opened.append(id(self))

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("bucket://").strip("/")

    def _wait(self) -> None:
        """Wait for the end of a slow day; then it is too late."""
        if self.slow.is_set():
            while self.slow.is_set():
                Event().wait(0.01)
            raise OSError("too late")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
        """Write an object, whole, or hang."""
        self._wait()
        if self.refuses:
            raise PermissionError(*self.refuses)
        with self._one:
            super().pipe_file(
                path, value, "overwrite" if self.overwrites.is_set() else mode, **more
            )

    def info(self, path: str, **more: Any) -> Any:
        """Tell of an object, or hang."""
        self._wait()
        return super().info(path, **more)

    def ls(self, path: str, detail: bool = True, **more: Any) -> Any:
        """List, or hang."""
        while self.hangs.is_set():
            Event().wait(0.01)
        return super().ls(path, detail, **more)


register_implementation("bucket", Bucket)
