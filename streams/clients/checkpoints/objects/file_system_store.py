"""Checkpoints in an object store, or another file system of fsspec: one object each, and pointers.

Which one may replace another, what is kept aside, and that three generations are kept, is as in a
topic of Kafka; how two writers get on is in `streams.clients.checkpoints.objects.object_log`.
"""

import logging
from collections.abc import Callable, Mapping

from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.objects.object_log import (
    CHECKPOINT_BYTES_MAX,
    CHECKPOINT_NAME,
    ObjectLog,
    checkpoint_name,
)
from streams.clients.checkpoints.planning import (
    NOTHING,
    going_back,
    newest_whole,
    planned,
    stored_as,
)
from streams.clients.checkpoints.pointer import Pointer
from streams.clients.checkpoints.rules import KeptCheckpoint, WriteRequest
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.shop.checkpoint import CheckpointHeader

logger = logging.getLogger(__name__)

PROBE = "probe"
TRIES_MAX = 5
"""So often a write looks again because somebody else was quicker."""
NO_OFFSET = [0]
"""An object has none; a pointer names at least one."""


class FileSystemStore:
    """A folder of a store. Raises as `ObjectFolder` does."""

    def __init__(self, folder: ObjectFolder) -> None:
        self.where = folder.where
        self.warning = ""
        self._folder = folder
        self._has_told = False

    def check_writable(self) -> None:
        """Raise `StoreUnreachable` if nothing can be written; say so if two could write at once."""
        self._folder.put(PROBE, b"goeswith", is_word=True)
        if self._folder.create(PROBE, b"goeswith") and not self._has_told:
            self._has_told = True
            logger.warning(
                "%s overwrites what was only to be created: of two that write at once the later "
                "one counts. See to it that one worker or command writes at a time",
                self.where,
            )

    def read(self, name: str = "") -> bytes | None:
        """The newest generation that is whole, or one of a name (`Pointer.named`, or `unnamed`).

        Raises `StoreUnreachable`, or `CheckpointRefused` when there are some and none is whole.
        """
        self.warning = ""
        if CHECKPOINT_NAME.fullmatch(name):
            return self._of_object(name)
        data, self.warning = newest_whole(ObjectLog(self._folder), name)
        return data

    def kept(self) -> list[KeptCheckpoint]:
        """What was kept aside, those that know most first; raises a `GoeswithError`."""
        return self.pointer().kept_aside()

    def unnamed(self) -> list[str]:
        """What is there still that no pointer names now; raises a `GoeswithError`."""
        return ObjectLog(self._folder).unnamed()

    def _of_object(self, name: str) -> bytes | None:
        data = self._folder.get(name, CHECKPOINT_BYTES_MAX)
        if data is None and name in self._folder.names():
            raise CheckpointRefused(f"{name} is too large to be one of ours", "foreign")
        return data

    def place(self, name: str) -> str:
        """Where one of a name is, or will be."""
        return f"{self.where}, {name}"

    def delete(self, name: str) -> bool:
        """Delete one that was kept aside; False: there is none. Raises a `GoeswithError`.

        At once, not ten minutes after the last pointer that named it: somebody waits for that. The
        object first, then the pointer: what fails halfway still goes by its name, and is tried
        again.
        """
        begun = False

        def put(log: ObjectLog) -> bool | None:
            nonlocal begun
            before = log.pointer()
            if name not in before.kept:  # our own pointer, whose answer was lost, says so, too
                return begun or None
            begun = True
            pointer = before.without(name)
            mark = before.kept[name].fingerprint
            if mark not in {one.fingerprint for one in pointer.named_at_all()}:
                self._folder.delete(checkpoint_name(mark))
            return log.append(pointer)

        return self._until_done(put)

    def write(
        self,
        header: CheckpointHeader,
        data: bytes,
        *,
        refused: Mapping[str, str] = NOTHING,
        back: bool = False,
        force: bool = False,
    ) -> bool:
        """Keep a checkpoint, unless what is there has to stay; raises a `GoeswithError`."""
        if len(data) > CHECKPOINT_BYTES_MAX:
            raise GoeswithError(f"a checkpoint of {len(data):,} bytes is too large for a store")
        request = WriteRequest(header, refused, back, force)
        newest = stored_as(header, data, NO_OFFSET)

        def put(log: ObjectLog) -> bool | None:
            plan = planned(log, request)
            if plan is None:
                return None
            self._folder.put(checkpoint_name(newest.fingerprint), data)
            return log.append(plan.with_newest(newest))

        return self._until_done(put)

    def pointer(self) -> Pointer:
        """What is there: generations, and those that were kept aside; raises a `GoeswithError`."""
        return ObjectLog(self._folder).pointer()

    def restore(self, number: int) -> CheckpointHeader:
        """Make a generation the newest one: number 1 is it already. It knows what it knew then.

        The one that was is kept: aside, if it knows more. Where somebody else writes meanwhile, it
        is still the one that had this number at first. Raises a `GoeswithError`.
        """
        first: list[tuple[str, CheckpointHeader]] = []

        def put(log: ObjectLog) -> bool:
            at = number
            if first:
                marks = [one.fingerprint for one in log.pointer().generations]
                if first[0][0] not in marks:
                    raise GoeswithError(
                        f"others have written to {self.where} meanwhile: what was generation "
                        f"{number} ({first[0][0]}) is none any more, and nothing was restored"
                    )
                at = marks.index(first[0][0]) + 1
                if at == 1:  # it was written, though the answer was lost, or somebody else did
                    return True
            plan, chosen, header = going_back(log, at, self.where)
            first.append((chosen.fingerprint, header))
            return log.append(plan.with_newest(chosen))

        self._until_done(put)
        return first[0][1]

    def _until_done(self, put: Callable[[ObjectLog], bool | None]) -> bool:
        """Try until nobody else was quicker; None of a try: what is there stays."""
        for _ in range(TRIES_MAX):
            done = put(ObjectLog(self._folder))
            if done is not False:
                return bool(done)
        raise GoeswithError(f"others write to {self.where} all the time: nothing of this is kept")
