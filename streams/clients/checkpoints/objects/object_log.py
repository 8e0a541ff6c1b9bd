"""The pointers and checkpoints of an object store: who writes the next pointer has written.

    shop/000000000042.pointer         JSON: the last three generations, what was kept aside
    shop/1f0c3a5e7b92.checkpoint      a checkpoint, whole, named by its fingerprint
    shop/probe                        written to see whether that is allowed

An object is there whole or not at all, and no object is ever changed. A pointer has the number
behind the newest one, and is *created*: of several writers one succeeds, and the others look again
at what there is then (put-if-absent, as the log of Delta Lake: M. Armbrust et al., "Delta Lake:
High-Performance ACID Table Storage over Cloud Object Stores", VLDB 2020). S3, Google Cloud Storage
and Azure hold to that. Where a store does not, of two writes at once the later pointer counts, and
the other write is lost; what is read is one of both, whole.

What no pointer has named for ten minutes is deleted, by the store's clock: until then it may be
read, or may be named by somebody who writes. A pointer that cannot be read (of a later version, or
somebody else's) stays, and so does all that was written before it: it may name that.
"""

import json
import logging
import re
from collections.abc import Mapping
from hashlib import sha256
from math import inf

from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.pointer import Pointer, Stored, pointer_in
from streams.contract.errors import CheckpointRefused, GoeswithError

logger = logging.getLogger(__name__)

POINTER_BYTES_MAX = 1 << 20
CHECKPOINT_BYTES_MAX = 4 << 30
"""More than a worker packs; a larger one is none of ours."""
POINTERS_KEPT = 10
"""So many are left, besides those of the last `UNNAMED_S`: a writer that was paused for longer does
not find the next number free."""
UNNAMED_S = 600.0
"""So long something stays after the last pointer that named it was the newest, in s."""
POINTER_NAME = re.compile(r"(\d{12})\.pointer")
CHECKPOINT_NAME = re.compile(r"[0-9a-f]+\.checkpoint")


class ObjectLog:
    """What lies in a folder, as it was when it was opened. Raises `StoreUnreachable`."""

    def __init__(self, folder: ObjectFolder) -> None:
        self._folder = folder
        self._left = folder.names()
        self._numbers = numbers(self._left)

    def pointer(self, _foreign_max: int | None = 0, /) -> Pointer:
        """The newest pointer that is whole; raises `CheckpointRefused` for what we did not write.

        One that breaks off (where objects are files, and the disk was full) is passed over.
        """
        for number in self._numbers:
            pointer = self._read(number)
            if pointer is not None:
                return pointer
            logger.warning("%s of %s breaks off", pointer_name(number), self._folder.where)
        if self._numbers:
            raise CheckpointRefused(f"{self._folder.where} holds something else", "foreign")
        return Pointer()

    def data(self, stored: Stored) -> bytes:
        """A checkpoint, whole; raises `CheckpointRefused` when it is not as it was written."""
        size_max = min(stored.size, CHECKPOINT_BYTES_MAX)
        data = self._folder.get(checkpoint_name(stored.fingerprint), size_max)
        if data is None or sha256(data).hexdigest() != stored.sha256:
            raise CheckpointRefused(
                f"checkpoint {stored.fingerprint} in {self._folder.where} is gone, or is not what "
                "was written",
                "gone",
            )
        return data

    def is_whole(self, stored: Stored) -> bool:
        """Whether a checkpoint can be read."""
        try:
            self.data(stored)
        except CheckpointRefused:
            return False
        return True

    def unnamed(self) -> list[str]:
        """The checkpoints that the newest pointer does not name, by the names of their objects."""
        named = _names(self.pointer())
        return sorted(
            name for name in self._left if CHECKPOINT_NAME.fullmatch(name) and name not in named
        )

    def append(self, pointer: Pointer) -> bool:
        """Make a pointer the newest one; False: somebody else has written meanwhile.

        Then what no pointer names any more is deleted. Raises a `GoeswithError`.
        """
        number = max(self._numbers, default=0) + 1
        if not self._folder.create(pointer_name(number), pointer.model_dump_json().encode()):
            return False
        left = self._folder.names()
        newest = max(numbers(left), default=number)
        if newest >= number + POINTERS_KEPT:
            self._folder.delete(pointer_name(number))
            raise GoeswithError(
                f"others have written to {self._folder.where} since this began: nothing of it is "
                "kept"
            )
        if newest == number:
            self.tidy(pointer, number, left)
        return True

    def _read(self, number: int) -> Pointer | None:
        """A pointer; None: it breaks off. Raises `CheckpointRefused` for what we did not write."""
        data = self._folder.get(pointer_name(number), POINTER_BYTES_MAX, is_word=True) or b""
        try:
            json.loads(data)
        except (ValueError, RecursionError):
            return None
        return pointer_in(data)

    def tidy(self, pointer: Pointer, number: int, left: Mapping[str, float | None]) -> None:
        """Delete what nobody needs; what cannot be deleted is said, and stays."""
        try:
            for name in self._unneeded(pointer, number, left):
                self._folder.delete(name)
        except GoeswithError as error:
            logger.warning("what is not needed any more stays: %s", error)

    def _unneeded(
        self, pointer: Pointer, number: int, left: Mapping[str, float | None]
    ) -> list[str]:
        """Pointers, and checkpoints that none has named for `UNNAMED_S`.

        What was named by then is what the newest pointer of before says, and all since.
        """
        now_s = left.get(pointer_name(number))
        since_s = -inf if now_s is None else now_s - UNNAMED_S
        gone, named, spared_s, is_since = list[str](), _names(pointer), -inf, now_s is not None
        for each in numbers(left):
            changed_s, is_ours = left[pointer_name(each)], True
            if each >= number:
                continue
            try:
                before = self._read(each)
            except CheckpointRefused:
                before, is_ours = None, False
            if before is None:  # nobody knows what it names
                spared_s = max(spared_s, inf if changed_s is None else changed_s)
            elif is_since:
                named |= _names(before)
                is_since = changed_s is not None and changed_s > since_s
                continue
            if is_ours and each <= number - POINTERS_KEPT:
                gone.append(pointer_name(each))
        unnamed = (name for name in left if CHECKPOINT_NAME.fullmatch(name) and name not in named)
        return gone + [name for name in unnamed if spared_s < (left[name] or -inf) < since_s]


def _names(pointer: Pointer) -> set[str]:
    """What the checkpoints of a pointer are called."""
    return {checkpoint_name(each.fingerprint) for each in pointer.named_at_all()}


def numbers(names: Mapping[str, float | None]) -> list[int]:
    """The numbers of the pointers among these, the newest first.

    >>> numbers(dict.fromkeys(["000000000007.pointer", "000000000008.pointer", "1f0c.checkpoint"]))
    [8, 7]
    """
    found = map(POINTER_NAME.fullmatch, names)
    return sorted((int(name[1]) for name in found if name), reverse=True)


def pointer_name(number: int) -> str:
    """The name of a pointer.

    >>> pointer_name(42)
    '000000000042.pointer'
    """
    return f"{number:012}.pointer"


def checkpoint_name(fingerprint: str) -> str:
    """The name of a checkpoint.

    >>> checkpoint_name("1f0c3a5e7b92")
    '1f0c3a5e7b92.checkpoint'
    """
    return f"{fingerprint}.checkpoint"
