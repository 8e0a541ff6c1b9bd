"""Shop and twin, compared: what the shop knows in the twin's words, and what was published."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any, NamedTuple

from streams.contract.events import decode
from streams.contract.published.outcomes import ANY_OUTCOME, AnyOutcome
from streams.contract.settings import Settings
from streams.lab.chaos.books.books import AuditedRecord, Recomputed, Word, recompute
from streams.lab.chaos.books.lightened import Lightened, MakeShop, folded, unbounded
from streams.lab.chaos.books.mentioned import Mentioned
from streams.lab.chaos.twin.ledger import Cell, Ledger
from streams.lab.chaos.twin.told import Told, as_told, differs
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.memory.taught import APART_MAX
from streams.shop.shop import Shop

Outcomes = Mapping[tuple[str, ...], AnyOutcome]
"""By what tells them from all others."""
TIMES = 0xFFFF_FFFF
"""The bits of a tally that count."""


class Compared(NamedTuple):
    """What is not as the twin has it, a sentence each."""

    sentences: list[str]
    left_out: Sequence[str] = ()
    """What differs by the bound of 8 KB a session alone, a sentence each: it is not judged."""
    lightened: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The sessions that came to that bound, and what they have let go."""

    @property
    def word(self) -> Word:
        """EXACT or LESS."""
        return "LESS" if self.sentences else "EXACT"


class NotTheSame(NamedTuple):
    """An outcome that is not as the twin has it."""

    key: tuple[str, ...]
    session_id: str
    said: str

    def __str__(self) -> str:
        return f"{' '.join(self.key)}: {self.said}"


class CalledFor(NamedTuple):
    """The outcomes that a log calls for, by the offline shop, and by one without the bound."""

    ours: Outcomes = MappingProxyType({})
    whole: Outcomes = MappingProxyType({})


def judged_by_twin(
    settings: Settings,
    log: Sequence[AuditedRecord],
    published: Iterable[AuditedRecord],
    recomputed: Recomputed,
    make: MakeShop = Shop,
) -> Compared:
    """Let the twin see the log, and hold the offline shop and what was published against it.

    Workers whose digest is that of the offline shop know what it knows. The twin has to come to all
    that a shop without a bound of 8 KB a session comes to (`make` makes shops); the offline shop to
    the same, but for what follows from what its sessions have let go.
    """
    twin, mentioned = Twin(settings, IMPRESSIONS_MAX, APART_MAX), Mentioned()
    for record in log:
        at_ms = record.timestamp
        event = decode(record.key, record.value, timestamp_ms=at_ms, settings=settings)
        twin.see(record.partition, event)
        mentioned.note(event)
    without = unbounded(make, {record.partition for record in log})
    return compared(
        recomputed.shop or Shop(settings),
        (ANY_OUTCOME.validate_json(record.value or b"") for record in published),
        twin,
        folded(settings, log, without),
        lambda: CalledFor(recomputed.outcomes, recompute(settings, log, {}, without).outcomes),
        mentioned,
    )


def compared(
    shop: Shop,
    published: Iterable[AnyOutcome],
    twin: Twin,
    whole: Shop | None = None,
    called_for: Callable[[], CalledFor] = CalledFor,
    mentioned: Mentioned | None = None,
) -> Compared:
    """Hold a shop that has folded everything, and all that was published, against the twin.

    `whole` has folded the same without a bound for its sessions. `called_for` is asked where that
    matters for outcomes: it takes a while. `mentioned` has noted the same events.
    """
    whole, expected = whole or shop, twin.ledger()
    light = Lightened.of(shop, whole, mentioned or Mentioned())
    ours, theirs = (ledger_of(one, expected.items) for one in (shop, whole))
    judged: list[object] = [*theirs.differences(expected)]
    left_out: list[object] = []
    for one in ours.differences(theirs):
        (left_out if light.explain(one) else judged).append(one)
    copies = _copies(published)
    others = [*_differences(copies, twin.outcomes)]
    by_bound = set[tuple[str, ...]]()
    if keys := [one.key for one in others if one.session_id in light.names]:
        by_bound = _by_bound(keys, copies, called_for(), twin.outcomes)
    for other in others:
        (left_out if other.key in by_bound else judged).append(other)
    return Compared([*map(str, judged)], [*map(str, left_out)], light.sessions)


def _copies(published: Iterable[AnyOutcome]) -> dict[tuple[str, ...], list[AnyOutcome]]:
    """What was published, without what is the same once more."""
    outcomes: dict[tuple[str, ...], list[AnyOutcome]] = {}
    for outcome in published:
        copies = outcomes.setdefault(outcome.identity, [])
        if outcome not in copies:
            copies.append(outcome)
    return outcomes


def _by_bound(
    keys: Iterable[tuple[str, ...]],
    published: Mapping[tuple[str, ...], Sequence[AnyOutcome]],
    called_for: CalledFor,
    expected: Mapping[tuple[str, ...], Told],
) -> set[tuple[str, ...]]:
    """Which outcomes are other by the bound alone.

    They are published as the log calls for them, and without the bound they are as expected.
    """

    def of(outcomes: Outcomes, key: tuple[str, ...]) -> list[AnyOutcome]:
        return [outcomes[key]] if key in outcomes else []

    return {
        key
        for key in keys
        if [*published.get(key, ())] == of(called_for.ours, key)
        and not [*_said(expected.get(key), of(called_for.whole, key))]
    }


def _differences(
    published: Mapping[tuple[str, ...], Sequence[AnyOutcome]],
    expected: Mapping[tuple[str, ...], Told],
) -> Iterator[NotTheSame]:
    """What is missing, too much or other: of what was published more than once, each copy."""
    for key in dict.fromkeys((*expected, *published)):
        wanted, copies = expected.get(key), published.get(key, ())
        session_id = wanted["session_id"] if wanted else copies[0].session_id
        yield from (NotTheSame(key, session_id, said) for said in _said(wanted, copies))


def _said(wanted: Told | None, copies: Sequence[AnyOutcome]) -> Iterator[str]:
    """What is not the same of one outcome."""
    if wanted is None:
        yield from ["nothing calls for it"] * bool(copies)
        return
    if not copies:
        yield "was not published"
    for told in map(as_told, copies):
        for name in differs(wanted, told):
            yield f"{name} is {told.get(name)}, not {wanted.get(name)}"


def ledger_of(shop: Shop, items: Iterable[str]) -> Ledger:
    """What a shop knows; of what was met, these items."""
    baskets, known = shop.learned.baskets, sorted(items)
    pairs = {frozenset(pair): baskets.lift(*pair).together for pair in combinations(known, 2)}
    counts = {item: baskets.lift(item, item) for item in known}
    policy = shop.policy.state()
    return Ledger(
        {
            session.session_id: session.basket
            for sessions in shop.sessions.values()
            for session in sessions
            if session.basket
        },
        _purchases(shop.learned.repeats.state()["shoppers"]),
        {item: lift.of_a for item, lift in counts.items()},
        pairs,
        next((lift.sessions for lift in counts.values()), 0),
        policy["exposures"],
        dict(_earned(policy["cells"])),
    )


def _purchases(shoppers: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    return {
        who: {item: int(said[0], 16) & TIMES for item, said in kept["items"].items()}
        for who, kept in shoppers.items()
    }


def _earned(cells: Mapping[str, Any]) -> Iterator[tuple[Cell, float]]:
    for context, arms in cells.items():
        for arm, record in arms.items():
            trials, rewards = (int(text, 16) for text in record)
            yield (context, arm), rewards / trials
