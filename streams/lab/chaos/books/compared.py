"""Shop and twin, compared: what the shop knows in the twin's words, and what was published."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from streams.contract.events import decode
from streams.contract.prompts import ANY_OUTCOME, AnyOutcome
from streams.contract.settings import Settings
from streams.lab.chaos.books.books import AuditedRecord, Recomputed, Word
from streams.lab.chaos.twin.ledger import Cell, Ledger
from streams.lab.chaos.twin.told import Told, as_told, differs
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.memory.taught import APART_MAX
from streams.shop.shop import Shop

TIMES = 0xFFFF_FFFF
"""The bits of a tally that count."""


class Compared(NamedTuple):
    """What is not as the twin has it, a sentence each."""

    sentences: list[str]

    @property
    def word(self) -> Word:
        """EXACT or LESS."""
        return "LESS" if self.sentences else "EXACT"


def judged_by_twin(
    settings: Settings,
    log: Iterable[AuditedRecord],
    published: Iterable[AuditedRecord],
    recomputed: Recomputed,
) -> Compared:
    """Let the twin see the log, and hold the offline shop and what was published against it.

    Workers whose digest is that of the offline shop know what it knows.
    """
    twin = Twin(settings, IMPRESSIONS_MAX, APART_MAX)
    for record in log:
        at_ms = record.timestamp
        event = decode(record.key, record.value, timestamp_ms=at_ms, settings=settings)
        twin.see(record.partition, event)
    outcomes = [ANY_OUTCOME.validate_json(record.value or b"") for record in published]
    return compared(recomputed.shop or Shop(settings), outcomes, twin)


def compared(shop: Shop, published: Iterable[AnyOutcome], twin: Twin) -> Compared:
    """Hold a shop that has folded everything, and all that was published, against the twin."""
    expected = twin.ledger()
    ours = ledger_of(shop, expected.items)
    outcomes: dict[tuple[str, ...], list[AnyOutcome]] = {}
    for outcome in published:
        copies = outcomes.setdefault(outcome.identity, [])
        if outcome not in copies:
            copies.append(outcome)
    return Compared([*ours.differences(expected), *_differences(outcomes, twin.outcomes)])


def _differences(
    published: Mapping[tuple[str, ...], Sequence[AnyOutcome]],
    expected: Mapping[tuple[str, ...], Told],
) -> Iterator[str]:
    """What is missing, too much or other: of what was published more than once, each copy."""
    for key in dict.fromkeys((*expected, *published)):
        if key not in published:
            yield f"{' '.join(key)}: was not published"
        elif key not in expected:
            yield f"{' '.join(key)}: nothing calls for it"
        else:
            wanted = expected[key]
            for told in map(as_told, published[key]):
                for name in differs(wanted, told):
                    yield f"{' '.join(key)}: {name} is {told.get(name)}, not {wanted.get(name)}"


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
