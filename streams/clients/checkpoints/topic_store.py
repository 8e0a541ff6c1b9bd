"""Checkpoints in a compacted topic of Kafka: knowledge lives where the log does, and outlives it.

    chunk/<fingerprint>/<n>   the chunks of a checkpoint, of 900 kB at most
    pointer                   JSON: the last three generations, what was kept aside, where they are

Everything of one write is in one transaction, the pointer last: a reader finds the one before or
the new one, whole. The topic's name is the id of the transaction, so that one writes at a time
(`streams.clients.checkpoints.topic.transaction`): who decides what may be replaced, decides on what
is there. Chunks that no pointer names any more are deleted in the same transaction, and leave with
the next compaction. To keep one aside, or to bring one back, is to name its chunks otherwise.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Protocol

from streams.clients.checkpoints.planning import (
    NOTHING,
    Plan,
    going_back,
    newest_whole,
    planned,
    stored_as,
)
from streams.clients.checkpoints.pointer import Pointer, Stored, chunk_key
from streams.clients.checkpoints.rules import (
    KeptCheckpoint,
    WriteRequest,
    fingerprint,
)
from streams.clients.checkpoints.topic.chunk_log import POINTER, opened_log
from streams.clients.checkpoints.topic.topic_setup import prepared
from streams.clients.checkpoints.topic.transaction import Records, transaction
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.contract.settings import Settings
from streams.shop.checkpoint import CheckpointHeader

logger = logging.getLogger(__name__)


class Before(Protocol):
    """Where checkpoints were kept before."""

    where: str
    """For messages."""

    def read(self) -> bytes | None:
        """The one that is there; raises a `GoeswithError` when it cannot be read."""


class TopicStore:
    """A topic; each call has clients of its own, so that a forked child may make it.

    `before` is where checkpoints were kept before: it is read as long as the topic holds none.
    """

    def __init__(self, settings: Settings, topic: str, *, before: Before | None = None) -> None:
        self._before = before
        self._is_of_before = False
        self.where = f"topic {topic} of Kafka at {settings.kafka_bootstrap}"
        self.warning = ""
        self._settings = settings
        self._topic = topic

    def check_writable(self) -> None:
        """Make the topic, if there is none; raise a `GoeswithError` if nothing can be kept."""
        prepared(self._settings, self._topic)

    def read(self, name: str = "") -> bytes | None:
        """The newest generation that is whole, or one of a name (`Pointer.named`).

        Raises a `GoeswithError` when Kafka does not answer, or there are some and none is whole.
        """
        found = self._in_topic(name)
        if found is not None or name or self._before is None:
            return found
        found = self._as_before(self._before)
        self._is_of_before = found is not None
        return found

    def _as_before(self, before: Before) -> bytes | None:
        """What is where checkpoints were kept before; a Redis that is away has said nothing."""
        try:
            found = before.read()
        except GoeswithError as error:
            logger.warning("no checkpoint of before is known: %s", error)
            return None
        if found is not None:
            logger.warning(
                "%s holds no checkpoint: going on from the one in %s, once",
                self.where,
                before.where,
            )
        return found

    def _in_topic(self, name: str) -> bytes | None:
        self.warning = ""
        with opened_log(self._settings, self._topic) as log:
            if log is None:
                return None
            data, self.warning = newest_whole(log, name)
        return data

    def kept(self) -> list[KeptCheckpoint]:
        """What was kept aside, those that know most first; raises a `GoeswithError`."""
        return self.pointer().kept_aside()

    def place(self, name: str) -> str:
        """Where one of a name is, or will be: what was found where it was before stays there."""
        if self._is_of_before and self._before is not None:
            copied = "with that URL `goeswith checkpoint load store FILE` copies it"
            return f"{self._before.where}, until it expires there; {copied}"
        return f"{self.where}, {name}"

    def delete(self, name: str) -> bool:
        """Delete one that was kept aside; False: there is none. Raises a `GoeswithError`.

        Nothing reads its chunks from then on; they leave with the next compaction.
        """
        with opened_log(self._settings, self._topic) as log:
            if log is None or name not in log.pointer().kept:
                return False  # and nobody else is kept from writing
            with transaction(self._settings, self._topic) as sender:
                pointer = log.pointer()
                sender.send(_replaced(pointer, pointer.without(name)))
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
        """Keep a checkpoint, unless what is there has to stay; raises a `GoeswithError`."""
        request = WriteRequest(header, refused, back, force)
        chunk_bytes = prepared(self._settings, self._topic)
        with opened_log(self._settings, self._topic) as log:
            if log is None:
                raise GoeswithError(f"topic {self._topic} is gone")
            if not force and planned(log, request) is None:
                return False  # and nobody else is kept from writing
            with transaction(self._settings, self._topic) as sender:
                plan = planned(log, request)
                if plan is None:
                    return False
                offsets = sender.send(_chunks(data, chunk_bytes))
                newest = stored_as(header, data, offsets)
                sender.send(moved(plan, newest))
        return True

    def pointer(self) -> Pointer:
        """What is there: generations, and those that were kept aside; raises a `GoeswithError`."""
        with opened_log(self._settings, self._topic) as log:
            return Pointer() if log is None else log.pointer()

    def restore(self, number: int) -> CheckpointHeader:
        """Make a generation the newest one: number 1 is it already. It knows what it knew then.

        The one that was is kept: aside, if it knows more. Raises a `GoeswithError`.
        """
        with opened_log(self._settings, self._topic) as log:
            if log is None:
                raise CheckpointRefused(f"there is no checkpoint in {self.where}", "gone")
            with transaction(self._settings, self._topic) as sender:
                plan, chosen, header = going_back(log, number, self.where)
                sender.send(moved(plan, chosen))
        return header


def _chunks(data: bytes, chunk_bytes: int) -> Iterator[tuple[str, bytes]]:
    mark = fingerprint(data)
    for number, start in enumerate(range(0, len(data), chunk_bytes)):
        yield chunk_key(mark, number), data[start : start + chunk_bytes]


def moved(plan: Plan, newest: Stored) -> Records:
    """What is written behind the chunks: chunks that have left, and last the pointer."""
    return _replaced(plan.pointer, plan.with_newest(newest))


def _replaced(before: Pointer, pointer: Pointer) -> Records:
    for key in sorted(before.chunk_keys() - pointer.chunk_keys()):
        yield key, None
    yield POINTER, pointer.model_dump_json().encode()
