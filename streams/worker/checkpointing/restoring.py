"""Finds the checkpoint that a worker starts from, or says why there is none.

Tried in this order, until one can be used, unless the one in its place is of another log: then it
is for people to say what is new (`streams.worker.checkpointing.other_log`):

1. the one in its place, as it is;
2. those that were kept aside, as they are, where the log begins before they end: a setting was put
   back;
3. the one in its place, part by part (`streams.clients.checkpoints.adoption`);
4. those that were kept aside, as they are, and then part by part: those that know most first.

What cannot be used as it is gets said: in the log, in the notes of `/readyz`, in a count. So is
that there is none where one is to be expected: where the log begins after offset 0, or where the
group has answered events before. Only the first run of a shop has none.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.cli.process.young_garbage import unsearched
from streams.clients.checkpoints.adoption import Adopted, adopted
from streams.clients.checkpoints.rules import fingerprint, kept_name
from streams.clients.checkpoints.store import Store
from streams.clients.log_reader import open_reader
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.contract.secrets.sealing import SEALED
from streams.contract.settings import Settings
from streams.shop.checkpoint import (
    OTHER_LOG,
    Checkpoint,
    CheckpointHeader,
    LogExtent,
    differing,
    read,
    restored,
)
from streams.shop.format.meaning import Differing, in_words, is_told_with_its_part
from streams.shop.shop import Shop
from streams.worker.checkpointing.missing import say_what_is_missing
from streams.worker.telemetry import Telemetry

logger = logging.getLogger(__name__)

Log = Callable[[int], Awaitable[LogExtent]]
"""Asked for the log as seen from the time when a checkpoint was made, in ms."""


@dataclass
class CheckpointFindings:
    """What a worker found in the place of its checkpoints, for its page and for its writer."""

    refused: dict[str, str] = field(default_factory=dict)
    """Why it could not use those that are its own to keep aside, in a word, by fingerprint."""
    notes: dict[str, str] = field(default_factory=dict)
    """For people: what was `found`, and why none is `written`."""
    is_read: bool = True
    """Whether the last look has read what is there."""
    waits: bool = False
    """Whether the worker waits for a word, and folds nothing meanwhile."""
    told: set[str] = field(default_factory=set)
    """The fingerprints of those that were said and counted: who waits looks again and again."""


class FoundCheckpoint(NamedTuple):
    """A checkpoint that is whole, and of this log."""

    header: CheckpointHeader
    checkpoint: Checkpoint | None
    """All of it; None where it is aside: it is read again if it is chosen. They may be large."""
    fingerprint: str
    name: str
    """Under which it was kept aside; empty: it is in its place."""
    other: Differing
    """What its figures mean otherwise than here."""
    gone: int
    """Records behind it that the log holds no longer."""


class Restoring:
    """One look for a checkpoint to start from."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        telemetry: Telemetry,
        found: CheckpointFindings,
        log: Log,
    ) -> None:
        self._settings, self._store, self._log = settings, store, log
        self._telemetry, self._found = telemetry, found

    async def shop(self) -> Shop | None:
        """The shop to go on from; None: there is none. Raises a `GoeswithError` of the store."""
        first = await self._candidate()
        if first is not None and not first.other:
            if (shop := await self._restored(first)) is not None:
                return shop
            first = None
        elif first is None and OTHER_LOG in self._found.refused.values():
            return None  # a word is needed: one aside that fits by chance knows less
        kept = await asyncio.to_thread(self._store.kept)
        aside = [one for each in kept if (one := await self._candidate(each.name)) is not None]
        candidates = sorted([*([first] if first else []), *aside], key=_rank)
        if first is not None and candidates[0] is not first:
            self._refuse("", first.fingerprint, _made_otherwise(first))
        for one in candidates:
            if (shop := await self._restored(one)) is not None:
                fitting = [each for each in aside if each.gone and not each.other]
                if one is first and fitting:
                    self._tell_of(fitting[0])
                return shop
        return None

    def _tell_of(self, passed_over: FoundCheckpoint) -> None:
        """One that fits, but is not so far, for people to decide."""
        place, gone = self._store.place(passed_over.name), passed_over.gone
        self._note(
            f"{self._found.notes['found']}. One that fits as it is: {place}; {gone:,} events "
            "behind it are gone from the log. `goeswith checkpoint load` goes back to it"
        )

    async def _candidate(self, name: str = "") -> FoundCheckpoint | None:
        """The checkpoint of a name, if it can be used at all."""
        data = None
        try:
            data = await asyncio.to_thread(self._store.read, name)
            if data is None:
                return None
            if self._store.warning and not name:
                self._telemetry.checkpoints_refused += 1
                self._note(f"at the start, {self._store.warning}")
            checkpoint = await asyncio.to_thread(read, data)
            header, now = checkpoint.header, await self._log(checkpoint.header.made_at_ms)
            other = differing(header, self._settings, now)
        except CheckpointRefused as refused:
            self._refuse(name, data, refused)
            return None
        gone = sum(max(0, now.begins.get(p, 0) - at) for p, at in header.position.items())
        whole = None if name else checkpoint
        return FoundCheckpoint(header, whole, fingerprint(data), name, other, gone)

    def _again(self, one: FoundCheckpoint) -> Checkpoint:
        """All of one that is aside; raises `CheckpointRefused` when it is gone meanwhile."""
        data = self._store.read(one.name)
        if data is None or fingerprint(data) != one.fingerprint:
            raise CheckpointRefused("it is gone meanwhile", "gone")
        return read(data)

    async def _restored(self, one: FoundCheckpoint) -> Shop | None:
        """The shop of a candidate; None: it is refused after all."""
        try:
            shop, fates = await asyncio.to_thread(_undisturbed, lambda: self._made(one))
        except CheckpointRefused as refused:
            self._refuse(one.name, one.fingerprint, refused)
            return None
        if one.name:
            place = self._store.place(one.name)
            logger.warning("going on from a checkpoint that was kept aside: %s", place)
        if one.other:
            self._tell(one, fates)
        if one.gone:
            logger.warning(
                "%s events after the checkpoint are gone from the log by retention", one.gone
            )
        self._telemetry.restored_made_ms = one.header.made_at_ms
        return shop

    def _made(self, one: FoundCheckpoint) -> Adopted:
        """The shop as it was, or as far as it fits; raises a `GoeswithError`."""
        settings, checkpoint = self._settings, one.checkpoint or self._again(one)
        if not one.other:
            return Adopted(restored(checkpoint, settings), {})
        return adopted(
            checkpoint,
            settings,
            one.other,
            lambda: open_reader(settings, settings.topics.events),
        )

    def _tell(self, one: FoundCheckpoint, fates: Mapping[str, str]) -> None:
        """Which parts were taken over, and which were not."""
        self._telemetry.checkpoints_adopted += 1
        place = self._store.place(one.name) if one.name else self._store.where
        aside = self._store.place(kept_name("settings", one.fingerprint))
        said = fates_in_words(one.other, fates)
        self._note(
            f"the checkpoint in {place} was made under other settings and is adopted part by part: "
            f"{said}. It is kept: {aside}"
        )

    def _refuse(self, name: str, data: bytes | str | None, refused: CheckpointRefused) -> None:
        """Say what is said of a checkpoint that cannot be used, and what becomes of it."""
        if name:
            logger.info("%s does not fit either: %s", self._store.place(name), refused)
            return
        mark = fingerprint(data) if isinstance(data, bytes) else data or ""
        if is_new := mark not in self._found.told:
            self._telemetry.checkpoints_refused += 1
        said = f"the checkpoint in {self._store.where} is not used: {refused}"
        if refused.reason == "gone":
            self._note(said)
        elif refused.reason == SEALED:
            self._note(f"{said}. It stays, and no other one is written there")
        elif refused.reason == "foreign" or data is None:
            self._note(f"{said}. It is not ours: it stays, and no other one is written there")
        else:
            self._found.refused[mark] = refused.reason
            self._found.told.add(mark)
            place = self._store.place(kept_name(refused.reason, mark))
            said += f". It is kept: before another one takes its place it goes to {place}"
            self._note(said, is_new=is_new)

    def _note(self, said: str, *, is_new: bool = True) -> None:
        self._found.notes["found"] = said
        if is_new:
            logger.warning("%s", said)


def fates_in_words(other: Differing, fates: Mapping[str, str]) -> str:
    """What became of each part, and which settings differ that no part names: each once.

    Nor the arguments of what is another one anyway: that is told of the whole.

    >>> other = {"pairs.life_s": ("9", "7"), "gap_s": ("30", "60")}
    >>> fates_in_words(other, {"pairs": "converted: pairs.life_s was 9, is 7"})
    'gap_s was 30, is 60; pairs: converted: pairs.life_s was 9, is 7; the others as they were'
    >>> another = {"fit": ("A", "B"), "fit.pace": ("1", "2")}
    >>> fates_in_words(another, {"policy": "learned anew: fit was A, is B"})
    'policy: learned anew: fit was A, is B; the others as they were'
    """
    told = " ".join(fates.values())
    rest = in_words(
        {
            name: both
            for name, both in other.items()
            if f"{name} was" not in told and not is_told_with_its_part(name, other)
        }
    )
    parts = (f"{part}: {why}" for part, why in fates.items())
    return "; ".join(filter(None, (rest, *parts, "the others as they were")))


def _made_otherwise(one: FoundCheckpoint) -> CheckpointRefused:
    return CheckpointRefused(f"it was made under other settings: {in_words(one.other)}", "settings")


def _rank(one: FoundCheckpoint) -> int:
    """The order in which candidates are tried; equal ones as they came."""
    if not one.other and not one.gone:
        return 0
    if not one.name:
        return 1
    return 3 if one.other else 2


async def last_shop(
    settings: Settings,
    store: Store,
    telemetry: Telemetry,
    found: CheckpointFindings,
    log: Log,
) -> Shop | None:
    """The shop of the last checkpoint that can be trusted; None when there is none.

    What cannot be used is said, and noted in `found`.
    """
    shop, found.is_read = None, True
    try:
        shop = await Restoring(settings, store, telemetry, found, log).shop()
    except GoeswithError as error:
        found.is_read = False
        instead = "It is looked for again" if found.waits else "The log was folded instead"
        said = (
            f"at the start, the checkpoint in {store.where} could not be read: {error}. {instead}"
        )
        found.notes["found"] = said
        logger.warning("%s", said)
    if shop is not None:
        telemetry.checkpoints_missing = 0
        found.notes.pop("missing", None)
    elif OTHER_LOG not in found.refused.values() and (found.is_read or not found.waits):
        now = await log(0)
        await say_what_is_missing(settings, store.where, telemetry, found.notes, now)
    return shop


def _undisturbed(make: Callable[[], Adopted]) -> Adopted:
    """Make millions of objects without looking for garbage among them: half the time."""
    with unsearched():
        return make()
