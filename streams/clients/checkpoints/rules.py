"""Retention of checkpoints: which one may replace another, and what is kept aside first.

| what is in the place | what becomes of it when another one is written |
|---|---|
| the same lineage, and knows no more | replaced |
| the same lineage, and knows no more, but has parts as they were learned | kept aside |
| the same lineage, and further | stays: the writer was paused, or is behind |
| the same lineage, not so far, and knows more | stays: the writer began without it, and says so |
| of the topic before it was made anew | stays; kept aside by who goes back, or is forced |
| made under other settings, damaged, of another version | kept aside |
| refused by the worker that writes, when it started | kept aside |
| sealed with a key that the writer does not have | stays; kept aside by who is forced |
| another topic's or cluster's, or no checkpoint at all | stays: it is not ours to touch |

How much one knows is the number of records that were folded into it: of two that stand at the same
offset, one may have begun when the log still reached back further.

What is kept aside is bounded: no more than `KEPT_MAX`, those that know most, and none of which
another one of its lineage knows all. Those that do not say how much they know (damaged, or of
another version) may know most of all: they are bounded apart, `KEPT_MAX` too, the latest. So are
those with adopted parts: those that are as they were learned do not go for them. So are those that
their writer could not open: nobody can tell whether what their headers say is so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from streams.contract.errors import CheckpointRefused
from streams.contract.secrets.sealing import SEALED
from streams.shop.checkpoint import OTHER_LOG, CheckpointHeader, read

COMPARABLE = ("settings", "replaced")
"""Why those are kept aside that are whole, and of this log: another one may know all of it."""
KEPT_MAX = 3
FINGERPRINT_CHARS = 12


class CheckpointProgress(NamedTuple):
    """How much a checkpoint knows, comparable within its lineage."""

    lineage: str
    events: int
    reach: int
    topic_id: str = ""
    """Kafka's own id of the topic that was folded; empty: not told."""
    inexact: tuple[str, ...] = ()
    """The parts that were adopted from other settings: they may have lost what was learned."""
    keys: tuple[str, ...] = ()
    """The ids of the keys that its maker had, the one that seals it first; none: not sealed."""

    def opens(self, other: "CheckpointProgress") -> bool:
        """Whether its maker had the key of another one, if that is sealed at all."""
        return not other.keys or other.keys[0] in self.keys

    def is_of_another_log(self, other: "CheckpointProgress") -> bool:
        """Whether the topic was made anew between the two, as far as both say."""
        return self.topic_id != other.topic_id and "" not in (self.topic_id, other.topic_id)

    def covers(self, other: "CheckpointProgress") -> bool:
        """Whether it knows all that the other one does."""
        if self.lineage != other.lineage or self.is_of_another_log(other):
            return False
        if not self.opens(other):
            return False
        return not other.more_than(self) and {*self.inexact} <= {*other.inexact}

    def more_than(self, other: "CheckpointProgress") -> bool:
        """Whether there is something in it that is not in the other one of the same lineage."""
        return (self.events, self.reach) > (other.events, other.reach)


class ExistingCheckpoint(NamedTuple):
    """What is in the place where a checkpoint is to be written: by default something else."""

    fingerprint: str = ""
    known: CheckpointProgress | None = None
    """None where it does not say."""
    read: Callable[[], bytes] = bytes
    """All of it; nothing of what is no checkpoint."""


class KeptCheckpoint(NamedTuple):
    """A checkpoint that was kept aside."""

    name: str
    """The word for why, and its fingerprint."""
    known: CheckpointProgress | None
    """None where it does not say."""
    written_s: float = 0.0
    """When it was written, in s since 1970, as far as the store can tell."""

    @property
    def events(self) -> int:
        """How much it knows, as far as it says."""
        return 0 if self.known is None else self.known.events


class WriteRequest(NamedTuple):
    """A checkpoint that is to be written, and what it may replace."""

    header: CheckpointHeader
    refused: Mapping[str, str]
    """The words for what its writer could not use, by fingerprint."""
    back: bool = False
    """One that knows more of the same lineage, too: to go back in time."""
    force: bool = False
    """Whatever is there."""


def fingerprint(data: bytes) -> str:
    """What tells a checkpoint from all others."""
    return sha256(data).hexdigest()[:FINGERPRINT_CHARS]


def known(header: CheckpointHeader) -> CheckpointProgress:
    """How much a checkpoint knows, by its header."""
    inexact = tuple(sorted(header.adopted))
    log = header.lineage, header.events, header.reach, header.topic_id
    return CheckpointProgress(*log, inexact, header.keys)


def replacing(held: ExistingCheckpoint | None, write: WriteRequest) -> str | None:
    """The name under which what is there has to be kept; empty: it may go; None: it stays.

    Raises `CheckpointRefused` where it stays, and that is not as it should be.
    """
    word = "" if held is None else _word_of_any(held, write)
    return kept_name(word, held.fingerprint) if held is not None and word else word


def _word_of_any(held: ExistingCheckpoint, write: WriteRequest) -> str | None:
    """The same as `_word`, but for one that is sealed with a key that the writer does not have.

    It is never lost, and nothing is put in its place in the clear because a key was forgotten.
    """
    if held.known is None or known(write.header).opens(held.known):
        return _word(held, write)
    if write.force:
        return SEALED
    raise CheckpointRefused(
        f"the one that is there stays: it is sealed with the key {held.known.keys[0]}, which is "
        "none of GOESWITH_CHECKPOINT_KEY here. Add the secret behind it; if it is lost, "
        "`goeswith checkpoint save --force` keeps that one aside, and begins anew",
        SEALED,
    )


def _word(held: ExistingCheckpoint, write: WriteRequest) -> str | None:
    """Why what is there has to be kept: a word, as in `replacing`."""
    if held.fingerprint in write.refused:
        return write.refused[held.fingerprint]
    ours = known(write.header)
    if held.known is None or held.known.lineage != ours.lineage:
        return _other(held, write)
    if held.known.is_of_another_log(ours):
        return _of_another_log(held.known, write)
    if ours.covers(held.known):
        return ""
    if write.back or write.force or not held.known.more_than(ours):
        return "replaced"
    if held.known.reach >= ours.reach:
        return None
    raise CheckpointRefused(
        f"the one that is there stays: it knows {held.known.events:,} events, this one "
        f"{ours.events:,}. Start the worker again, so that it goes on from that one",
        "more",
    )


def _of_another_log(theirs: CheckpointProgress, write: WriteRequest) -> str:
    """The word for one of a topic that was made anew; raises where nobody asked for that."""
    if write.back or write.force:
        return OTHER_LOG
    raise CheckpointRefused(
        f"the one that is there stays: it is of another log (the topic had the id "
        f"{theirs.topic_id}, here {write.header.topic_id}), and knows {theirs.events:,} events of "
        "it. Start the worker again: it waits for `goeswith checkpoint adopt`",
        OTHER_LOG,
    )


def _other(held: ExistingCheckpoint, write: WriteRequest) -> str:
    """Why one of another lineage has to be kept; raises `CheckpointRefused` when it has to stay."""
    try:
        theirs, ours = read(held.read()).header, write.header
        if (theirs.topic, theirs.cluster) == (ours.topic, ours.cluster):
            return "settings"
        whose = f"it is of topic {theirs.topic} in cluster {theirs.cluster}"
    except CheckpointRefused as refused:
        if refused.reason != "foreign":
            return refused.reason
        whose = str(refused)
    if write.force:
        return ""
    raise CheckpointRefused(
        f"what is there is not ours, and stays: {whose}. Name another place in "
        "GOESWITH_CHECKPOINT_URL, or replace it by `goeswith checkpoint save --force`",
        "foreign",
    )


def most_first(kept: Sequence[KeptCheckpoint]) -> list[KeptCheckpoint]:
    """Those that know most come first; of those that do not say, the latest."""
    return sorted(kept, key=lambda each: (-each.events, -each.written_s, each.name))


def surplus(kept: Sequence[KeptCheckpoint], written: CheckpointProgress) -> list[KeptCheckpoint]:
    """What need not be kept any longer beside a checkpoint that is written.

    >>> bread, butter = CheckpointProgress("bread", 70, 70), CheckpointProgress("butter", 9, 9)
    >>> kept = [KeptCheckpoint("settings-1", bread), KeptCheckpoint("settings-2", butter)]
    >>> [gone.name for gone in surplus(kept, written=CheckpointProgress("bread", 80, 80))]
    ['settings-1']
    """
    left: list[KeptCheckpoint] = []
    for each in most_first(kept):
        better = [written, *(other.known for other in left if _is_comparable(other))]
        beside = sum(_kind(other) == _kind(each) for other in left)
        if beside < KEPT_MAX and not any(_covers(other, each) for other in better):
            left.append(each)
    return [each for each in kept if each not in left]


def _kind(kept: KeptCheckpoint) -> str:
    """What is bounded apart."""
    if kept.known is None:
        return "silent"
    if kept.name.partition("-")[0] == SEALED:
        return SEALED
    return "inexact" if kept.known.inexact else "exact"


def _is_comparable(kept: KeptCheckpoint) -> bool:
    return kept.name.partition("-")[0] in COMPARABLE


def _covers(one: CheckpointProgress | None, kept: KeptCheckpoint) -> bool:
    """Whether one knows all that another one does that was kept aside."""
    if one is None or kept.known is None or not _is_comparable(kept):
        return False
    return one.covers(kept.known)


def kept_name(word: str, mark: str) -> str:
    """The name under which a checkpoint of this fingerprint is kept aside."""
    return f"{word}-{mark}"


def is_kept_name(name: str) -> bool:
    """Whether it is a name under which a checkpoint can have been kept aside.

    >>> is_kept_name("settings-1f0c3a5e7b92"), is_kept_name("../settings-1f0c3a5e7b92")
    (True, False)
    """
    return re.fullmatch(rf"[a-z]+-[0-9a-f]{{{FINGERPRINT_CHARS}}}", name) is not None
