"""A checkpoint in a file, and beside it those that were kept aside.

    shop.checkpoint
    shop.checkpoint.refused-settings-1f0c3a5e7b92

One is written beside the old one, and renamed. A file that is no checkpoint is never touched, and
nothing is laid beside it.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from streams.clients.checkpoints.rules import (
    ExistingCheckpoint,
    KeptCheckpoint,
    WriteRequest,
    fingerprint,
    is_kept_name,
    known,
    most_first,
    replacing,
    surplus,
)
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.shop.checkpoint import CheckpointHeader, read
from streams.shop.format.framing import MAGIC

NOTHING: Mapping[str, str] = {}


class FileStore:
    """A file; its folder must exist."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self.warning = ""
        self._path = path

    def check_writable(self) -> None:
        """Raise `GoeswithError` if nothing can be written there."""
        if self._path.exists() and not self._path.is_file():
            raise GoeswithError(f"no checkpoint can be written to {self._path}: it is no file")
        if not os.access(self._path.parent, os.W_OK):
            raise GoeswithError(f"no checkpoint can be written to {self._path}: no such folder")

    def read(self, name: str = "") -> bytes | None:
        """What is there, or was kept aside under a name; raises `GoeswithError`.

        `CheckpointRefused` for what is no checkpoint: of that no more than the beginning is read.
        """
        path = self._named(name)
        try:
            if path.exists() and not path.is_file():
                raise CheckpointRefused(f"{path} is no file of bytes", "foreign")
            with path.open("rb") as file:
                start = file.read(len(MAGIC))
                if start and not MAGIC.startswith(start):
                    raise CheckpointRefused(f"{path} holds something else", "foreign")
                return start + file.read() if start else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GoeswithError(f"cannot read {path}: {error.strerror}") from error

    def kept(self) -> list[KeptCheckpoint]:
        """What was kept aside, those that know most first; raises `GoeswithError`."""
        prefix = self._named("x").name[:-1]
        try:
            names = [path.name for path in self._path.parent.iterdir()]
        except OSError as error:
            raise GoeswithError(f"cannot look beside {self._path}: {error.strerror}") from error
        found = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        return most_first([self._described(name) for name in found if is_kept_name(name)])

    def place(self, name: str) -> str:
        """Where one is that was kept aside."""
        return str(self._named(name))

    def delete(self, name: str) -> bool:
        """Delete one that was kept aside; False: there is none. Raises a `GoeswithError`."""
        self.check_writable()
        try:
            with self._locked():
                self._named(name).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise GoeswithError(f"cannot delete {self._named(name)}: {error.strerror}") from error
        return True

    def write(
        self,
        header: CheckpointHeader,
        data: bytes,
        *,
        refused: Mapping[str, str] = NOTHING,
        back: bool = False,
        force: bool = False,
    ) -> bool:
        """Keep a checkpoint, unless what is there has to stay; raises `GoeswithError`."""
        self.check_writable()
        write = WriteRequest(header, refused, back, force)
        try:
            if replacing(self._held(), write) is None:
                return False  # and nothing is laid beside what is not ours
            with self._locked():
                name = replacing(self._held(), write)
                if name is None:
                    return False
                self._replace(data, name)
                for gone in surplus(self.kept(), known(header)):
                    self._named(gone.name).unlink(missing_ok=True)
        except OSError as error:
            raise GoeswithError(f"cannot write {self._path}: {error.strerror}") from error
        return True

    def _held(self) -> ExistingCheckpoint | None:
        """What is there; None: nothing."""
        try:
            data = self.read()
        except CheckpointRefused:
            return ExistingCheckpoint()
        return None if data is None else _held(data)

    def _replace(self, data: bytes, aside_as: str) -> None:
        """Put the checkpoint in its place; what is there goes aside under a name, if there is one.

        Whoever looks in between finds the old one in both places: a worker that waits there until
        somebody has decided would take none for a decision. Where files cannot have two names, it
        finds none in the place, for a moment.
        """
        fresh = self._path.with_name(self._path.name + ".new")
        _write(fresh, data)
        if aside_as:
            aside = self._named(aside_as)
            aside.unlink(missing_ok=True)
            try:
                aside.hardlink_to(self._path)
            except OSError:
                self._path.replace(aside)
        fresh.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time."""
        with self._path.with_name(self._path.name + ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _named(self, name: str) -> Path:
        beside = self._path.parent / f"{self._path.name}.refused-{name}"  # of `/`, too
        return beside if name else self._path

    def _described(self, name: str) -> KeptCheckpoint:
        says, written_s = None, 0.0
        with suppress(GoeswithError, OSError):
            written_s = self._named(name).stat().st_mtime
            if data := self.read(name):
                says = _held(data).known
        return KeptCheckpoint(name, says, written_s)


def _held(data: bytes) -> ExistingCheckpoint:
    """How much one knows; nothing of one that is damaged."""
    try:
        says = known(read(data).header)
    except CheckpointRefused:
        says = None
    return ExistingCheckpoint(fingerprint(data), says, lambda: data)


def _write(path: Path, data: bytes) -> None:
    """Write a file through to its disk; where that is full, no part of it stays."""
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
