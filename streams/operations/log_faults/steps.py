"""The steps from one number of partitions to another, and whether each is done: pure.

*In a new log* (another prefix) each session is on one partition again. Its old log has to be
drained first: what is in it is answered, and in the checkpoint, before anything goes along.

*In the same log* partitions are added. What was folded of the others stays as it was, so nothing
has to be drained.

Each step can be seen from outside, so nothing is noted anywhere: who was interrupted begins again,
and what is done stays done. Nothing is learned twice, because knowledge goes along once, whole, and
from then on the old log is not read any more; what comes to it afterwards is told.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from streams.cli.options import in_a_sentence
from streams.cli.printable import many, printable
from streams.contract.settings import Settings
from streams.operations.lag.figures import GroupLag

KEYS_TOLD_MAX = 3
State = Literal["done", "to do", "in the way"]


class Step(NamedTuple):
    """One step."""

    name: str
    """A short, stable word."""
    state: State
    said: str
    """What is so, or will be done, or has to be done by somebody else first."""


class Repartitioning(NamedTuple):
    """From which topics to which."""

    old: Settings
    new: Settings

    @property
    def same_log(self) -> bool:
        """Whether partitions are added to the topics that there are."""
        return self.old.topic_prefix == self.new.topic_prefix


class Known(NamedTuple):
    """What the checkpoint of the old log is worth."""

    behind: Sequence[int]
    """The partitions on which something waits to be folded."""
    place: str
    is_there: bool = True
    """Whether there is one; else the whole log is folded."""
    why_not: str = ""
    """Why nothing can go along."""


class NewLog(NamedTuple):
    """What is at the other end by now."""

    is_there: bool = False
    """Whether its checkpoint is: knowledge has gone along."""
    in_use: bool = False
    """Whether something has come to the new log, or was folded of it."""


def of_new_log(
    move: Repartitioning, lag: GroupLag, known: Known, taken: NewLog, counts: Mapping[str, int]
) -> list[Step]:
    """The steps to topics under another prefix; `counts` are the partitions of those there are."""
    topic, new = move.old.topics.events, move.new.topics.events
    if taken.is_there and not known.behind and not lag.lag_events:
        return [Step("knowledge", "done", f"went along to {new}; {_fate(move)}")]
    if taken.is_there and (taken.in_use or (known.why_not and not known.behind)):
        return [Step("knowledge", "in the way", _too_late(move, lag, known))]
    return [
        _workers(lag),
        _answered(lag),
        _known(known, topic),
        _made(move, counts, taken),
        Step("knowledge", "to do", f"goes along to {new}; {_fate(move)}"),
    ]


def _too_late(move: Repartitioning, lag: GroupLag, known: Known) -> str:
    """What came to the old log after its checkpoint had gone along.

    Where the new log's checkpoint has taken the place of the old one's, lag alone tells it.
    """
    topic, new = move.old.topics.events, move.new.topics.events
    came = f"on {_numbers(known)}"
    learns = f"no worker under prefix {move.new.topic_prefix} learns from them"
    if not known.behind:
        came = f"{many(lag.lag_events, 'events', 'event')} by the lag of group {lag.group}"
    if not (known.behind or known.why_not):
        learns = "nobody answers them, though they are known"
    return (
        f"events came to {topic} after what is known had gone along ({came}): {learns}. Stop who "
        f"sends there, and have these sent again to {new}"
    )


def of_reference(move: Repartitioning, left: Sequence[tuple[str, str]]) -> list[Step]:
    """A step for each reference topic that holds records of which its new one holds none.

    It is somebody else's to copy them: the new catalogue may be meant to be another.

    >>> move = Repartitioning(Settings(topic_prefix="a"), Settings(topic_prefix="b", partitions=9))
    >>> [(step.name, step.state) for step in of_reference(move, [("a.catalog", "b.catalog")])]
    [('catalog', 'in the way')]
    """
    broker, new = move.old.kafka_bootstrap, move.new
    creates = in_a_sentence(new, "topics", "create")
    make = f"GOESWITH_PARTITIONS={new.partitions} {creates}"
    return [
        Step(
            topic.rpartition(".")[2],
            "in the way",
            f"{topic} holds records, and {to} none, so workers there would go without. Copy them: "
            f"`{make}`, then `kcat -b {broker} -t {topic} -C -e -q "
            f"-K '\\t' | kcat -b {broker} -t {to} -P -Z -K '\\t'`",
        )
        for topic, to in left
    ]


def of_same_log(
    move: Repartitioning, lag: GroupLag, counts: Mapping[str, int], known_for: int | None
) -> list[Step]:
    """The steps to more partitions; the checkpoint is of `known_for` of them (None: none is)."""
    wanted = move.new.partitions
    widened = _widened(move, counts)
    goes = f"the checkpoint is taken over; {_fate(move)}"
    if known_for is None:
        goes = "there is no checkpoint: workers fold the log"
    elif known_for == wanted == move.old.partitions:
        goes = f"the checkpoint is of these {wanted} partitions already: nothing has to go along"
    is_known = known_for in (None, wanted)
    knowledge = Step("knowledge", "done" if is_known else "to do", goes)
    if widened.state == "done" and is_known:
        return [widened, knowledge]
    return [_workers(lag), widened, knowledge]


def declared_counts(move: Repartitioning, checkpoints: str) -> dict[str, int]:
    """How many partitions each of the new topics has to have."""
    declared = move.new.topics.declared(checkpoints)
    return {name: topic.partitions or move.new.partitions for name, topic in declared.items()}


def narrow(move: Repartitioning, counts: Mapping[str, int]) -> dict[str, int]:
    """The topics that need more partitions, and how many."""
    wanted = declared_counts(move, "")
    return {name: of for name, of in wanted.items() if counts.get(name, of) < of}


def unread_here(keys: Mapping[str, int]) -> str:
    """Why nothing is kept: what was folded unread could never be read again.

    A receipt that somebody made up looks like one of a secret that is not here. Workers take it for
    the one or the other, too, and go on.

    >>> print(unread_here({"0a1b2c3d": 2}))
    receipts in the log cannot be read here, and would teach nothing: 2 of key 0a1b2c3d; set
    GOESWITH_RECEIPT_SECRET as workers have it. If it is already, they are made up: let a worker
    fold them, until its checkpoint has all that the log holds
    >>> "1 of key b, 1 of key c, and those of 1 key more" in unread_here(dict.fromkeys("abcd", 1))
    True
    """
    named = Counter(keys).most_common(KEYS_TOLD_MAX)
    told = ", ".join(f"{receipts:,} of key {printable(key)}" for key, receipts in named)
    if more := len(keys) - len(named):
        told += f", and those of {many(more, 'keys', 'key')} more"
    return (
        f"receipts in the log cannot be read here, and would teach nothing: {told}; set "
        "GOESWITH_RECEIPT_SECRET as workers have it. If it is already, they are made up: let a "
        "worker fold them, until its checkpoint has all that the log holds"
    )


def _workers(lag: GroupLag) -> Step:
    if lag.members is None:
        return Step("workers", "in the way", "this broker does not tell who is in a group")
    if names := ", ".join(sorted({one.name for one in lag.members})):
        said = (
            f"in group {lag.group}: {names}. Stop them; one that has ended stays a member until "
            "the session timeout of the workers is over (their GOESWITH_SESSION_TIMEOUT_S)"
        )
        return Step("workers", "in the way", said)
    return Step("workers", "done", f"nobody is in group {lag.group}")


def _answered(lag: GroupLag) -> Step:
    if any(one.ahead for one in lag.partitions):
        said = f"group {lag.group} has committed more than the log holds: `goeswith topics check`"
    elif any(one.held_back for one in lag.partitions):
        said = f"a transaction on {lag.topic} is open, and holds events back: wait for its end"
    elif lag.lag_events:
        waits = many(lag.lag_events, "events of", "event of")
        said = (
            f"{waits} {lag.topic} not answered by group {lag.group}: stop who sends, then let "
            "workers run until `goeswith lag` says 0"
        )
    else:
        return Step("answered", "done", f"group {lag.group} has answered all of {lag.topic}")
    return Step("answered", "in the way", said)


def _known(known: Known, topic: str) -> Step:
    if known.why_not:
        return Step("known", "in the way", known.why_not)
    if not known.is_there:
        return Step("known", "to do", f"fold all of {topic}: there is no checkpoint of it")
    if known.behind:
        said = f"fold what came after the checkpoint ({_numbers(known)}), and keep it"
        return Step("known", "to do", f"{said} in {known.place}")
    return Step("known", "done", f"all of {topic} is in the checkpoint")


def _made(move: Repartitioning, counts: Mapping[str, int], taken: NewLog) -> Step:
    wanted = declared_counts(move, "")
    other = {name: of for name, of in counts.items() if of != wanted.get(name, of)}
    if other:
        said = ", ".join(f"{name} has {of} partitions" for name, of in sorted(other.items()))
        return Step("topics", "in the way", f"{said}, not {move.new.partitions}")
    if taken.in_use:
        said = (
            f"{move.new.topics.events} holds events already, and nobody knows whether they are new "
            "or copies: under that prefix `goeswith checkpoint adopt` says it with --learn"
        )
        return Step("topics", "in the way", said)
    if missing := [name for name in wanted if name not in counts]:
        return Step("topics", "to do", f"make {', '.join(missing)}")
    return Step("topics", "done", f"those of {move.new.topic_prefix} are there, and empty")


def _widened(move: Repartitioning, counts: Mapping[str, int]) -> Step:
    wanted = move.new.partitions
    names = declared_counts(move, "")
    if too_wide := [f"{name} has {counts[name]}" for name in names if counts.get(name, 0) > wanted]:
        said = f"{', '.join(too_wide)}, and Kafka takes no partitions away: --to another prefix"
        return Step("topics", "in the way", said)
    if more := [*narrow(move, counts), *(name for name in names if name not in counts)]:
        return Step("topics", "to do", f"give {', '.join(more)} {wanted} partitions")
    return Step("topics", "done", f"all have {wanted} partitions")


def _fate(move: Repartitioning) -> str:
    if move.same_log:
        return "a session whose key goes to another partition now begins anew there"
    if move.old.partitions == move.new.partitions:
        return "sessions go along"
    return (
        "sessions stay behind: each begins anew, without its basket; feedback on prompts that were "
        "shown and returns of orders from before do not count"
    )


def _numbers(known: Known) -> str:
    return f"partition {', '.join(map(str, known.behind))}"
