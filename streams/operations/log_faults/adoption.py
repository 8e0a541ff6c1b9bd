"""Takes a checkpoint over to another log: what is learned stays, offsets are those of the new one.

Pure. Offsets mean something in one log only: in a topic that was made anew, in a mirror of it and
in another cluster the same event has another one. So a checkpoint is given a new position, and its
owner has to say what of the new log is not learned yet, because no record says it:

| `--learn` | what of the log is folded on top of what is known | when |
|---|---|---|
| `all` | everything that it holds | the topic was made anew: its events are new |
| `later` | what was appended after the checkpoint was made | its end was lost, and it grew again |
| `nothing` | what comes from now on | a mirror, a backup, a drained topic: it holds copies |

A partition whose offsets still fit is left alone, and one that is new begins at its beginning.

What sessions remember by its offset (which events were seen, and since when they are on a side of
the experiment) counts as before all that is folded from now on.

Where the number of partitions is another one in another log, a session's partition is another one,
too: sessions stay behind. What they have taught, what is bought together, popularity, what shoppers
bought before and what arms earned goes along. Feedback on prompts that were shown by then does not
count any more, as of a session that has forgotten them: its impression has been learned. Where
partitions were added to the same log, sessions stay where they are.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from streams.contract.errors import Misconfigured
from streams.contract.topics import same_id
from streams.shop.checkpoint import CheckpointHeader, LogExtent
from streams.shop.memory.session import NEVER
from streams.shop.memory.sessions import Sessions
from streams.shop.shop import Shop

Learn = Literal["all", "later", "nothing"]
LEARN: tuple[Learn, ...] = ("all", "later", "nothing")


class Adoption(NamedTuple):
    """What becomes of a checkpoint."""

    position: Mapping[int, int]
    """The next offset of each partition to fold, in the new log."""
    moved: tuple[int, ...]
    """The partitions whose offsets do not fit, or that are new."""
    keeps_sessions: bool
    """Whether sessions are on the partitions that they were on."""

    @property
    def is_needed(self) -> bool:
        """Whether it changes anything."""
        return bool(self.moved)


def is_of(header: CheckpointHeader, topic: str, log: LogExtent) -> bool:
    """Whether a checkpoint is of this log: by cluster and topic, and by its id if both are told."""
    here = (header.cluster, header.topic) == (log.cluster, topic)
    return here and same_id(header.topic_id, log.topic_id)


def adoption(
    header: CheckpointHeader,
    topic: str,
    log: LogExtent,
    later: Mapping[int, int],
    learn: Learn | None,
) -> Adoption:
    """How a checkpoint is taken over to the log of a topic.

    `later` is where that begins which was appended after it was made.

    Raises `Misconfigured` where `learn` has to say what is to be folded, and does not.
    """
    same, numbers = is_of(header, topic, log), sorted(log.ends)
    fits = {number for number in numbers if same and _fits(header, log, number)}
    added = {number for number in numbers if same and number >= header.partitions}
    starts: Mapping[Learn, Mapping[int, int]] = {
        "all": log.begins,
        "later": later,
        "nothing": log.ends,
    }
    if (lost := [number for number in numbers if number not in fits | added]) and learn is None:
        raise Misconfigured(
            f"offsets of partition {', '.join(map(str, lost))} mean something else in this log: "
            "say with --learn what of it is new: `all` that it holds (the topic was made anew), "
            "what came `later` than the checkpoint (its end was lost), or `nothing` up to now (a "
            "mirror, a backup, a topic that was drained: copies of what is learned already)"
        )
    position = {
        number: header.position.get(number, 0)
        if number in fits
        else log.begins[number]
        if number in added or learn is None
        else starts[learn][number]
        for number in numbers
    }
    keeps = header.partitions == len(numbers) or (same and header.partitions < len(numbers))
    return Adoption(position, tuple(sorted({*lost, *added})), keeps)


def _fits(header: CheckpointHeader, log: LogExtent, number: int) -> bool:
    """Whether the offset of a partition still means what it meant."""
    if number >= header.partitions:
        return False
    offset = header.position.get(number, 0)
    return offset <= log.ends[number] and offset <= log.younger.get(number, offset)


def taken_over(shop: Shop, adopted: Adoption, events: int) -> Shop:
    """The shop on its new log; it knows as many events as before. `shop` is of no use after that.

    The settings of a shop without its sessions may have another number of partitions.
    """
    fresh = shop
    if not adopted.keeps_sessions:
        fresh, before = shop.new(shop.settings), shop.parts()
        for name, part in fresh.parts().items():
            if name not in ("position", "sessions"):
                part.restore(before[name].state())
                part.approximate = before[name].approximate
        fresh.adopted = {name: why for name, why in shop.adopted.items() if name != "sessions"}
        fresh.identity.denials.restore(shop.identity.denials.state())  # who denied stays forgotten
        _remember_prompts(fresh, shop, adopted.position)
    for number in adopted.moved:
        if (sessions := fresh.sessions.get(number)) is not None:
            _rebase(sessions, adopted.position[number])
    fresh.position.clear()
    fresh.position.update(adopted.position)
    fresh.skipped = sum(adopted.position.values()) - events
    return fresh


def _remember_prompts(fresh: Shop, shop: Shop, numbers: Iterable[int]) -> None:
    """That sessions had prompts which nobody remembers: what they earn now would count anew."""
    newest = NEVER
    for sessions in shop.sessions.values():
        formers = (former.session for former in sessions.visitors.formers.values())
        newest = max(newest, sessions.forgotten, *(one.newest for one in (*sessions, *formers)))
    if newest != NEVER:
        empty = [[0, 0], [], list(newest)]
        fresh.parts()["sessions"].restore({str(number): empty for number in numbers})


def _rebase(sessions: Sessions, position: int) -> None:
    """What these remember was before all that is folded from now on.

    Else an order would seem to have come before its session was assigned.
    """
    formers = (former.session for former in sessions.visitors.formers.values())
    for session in (*sessions, *formers):
        session.seen.rebase(position)
        if (was := session.assignment) is not None:
            before = min(was.offset, max(0, position - 1))
            session.assignment = was._replace(offset=before)
