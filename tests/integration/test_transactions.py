"""Transactions of producers: what is aborted never happened, what is open holds nobody up.

On a real Kafka, with every reader of ours: the agent, the follower, and the commands.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.contract.events import Event
from streams.lab.bench.stage import tape
from streams.lab.chaos.books.books import behind, recompute
from streams.lab.chaos.till import Books
from streams.operations.topics import create_topics
from tests.integration.operators import Operator
from tests.integration.workers import Staff
from tests.stories import Story
from tests.transactions import foreign, produce, transact, transaction

STUCK_S = 12.0
"""A little longer than a partition may stand still before it counts as stuck."""


@pytest.fixture
def staff(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """A shop with one partition and without workers yet."""
    staff = Staff(kafka, topic_prefix, tmp_path, partitions=1)
    create_topics(staff.settings)
    yield staff
    staff.go_home()


@pytest.fixture
def operator(staff: Staff) -> Operator:
    """Who looks after that shop."""
    return Operator(staff.settings)


def baskets(name: str, *items: str, times: int = 5) -> list[Event]:
    """So many shoppers buy these items together, a minute ago."""
    start_ms = int(time.time() * 1000) - 60_000
    events: list[Event] = []
    for number in range(times):
        story = Story(f"{name}-{number}", start_ms=start_ms)
        events += [story.add(item) for item in items] + [story.order(*items)]
    return events


GHOSTS = baskets("ghost", "vodka", "nappies")
"""What must never have happened."""


class Truth:
    """What the log says, read with all that was aborted, without the ghosts."""

    def __init__(self, staff: Staff) -> None:
        settings = staff.settings
        held = asyncio.run(tape.play(settings.kafka_bootstrap, settings.topics.events, 1))
        never = frozenset(event.event_id for event in GHOSTS)
        log = Books([], [never], []).happened(held, ())
        self.aborted = len(held) - len(log)
        self.behind = behind(log)
        self.digest = recompute(settings, log, {}).digest


def until_folded(staff: Staff, position: dict[int, int]) -> None:
    """Wait until every worker has folded as far as this, and the group has answered it."""
    wanted = {str(number): offset for number, offset in position.items()}

    def folded() -> bool:
        return all(staff.state(name).get("position") == wanted for name in staff.workers)

    staff.until(folded, "folded")
    staff.until(lambda: Operator(staff.settings).asks("lag")["lag_events"] == 0, "answered")


def test_what_was_aborted_never_happened(staff: Staff, operator: Operator) -> None:
    """Not to the worker who was there, nor to one who comes later, nor to anybody who looks."""
    staff.start("ann")
    staff.until_at_work("ann")
    for _ in range(3):
        transact(staff.settings, GHOSTS, commit=False)
    transact(staff.settings, baskets("past", "bread", "butter"), commit=True)
    producer = foreign(staff.settings)
    story = Story("ben", start_ms=int(time.time() * 1000))
    produce(staff.settings, producer, [story.add("vodka"), story.view("bread")])
    transact(staff.settings, GHOSTS, commit=False)
    truth = Truth(staff)
    staff.start("bob")
    staff.until(lambda: staff.ready("bob") is True, "ready")
    until_folded(staff, truth.behind)
    rebuilt = operator.asks("rebuild", "--page", page(staff))
    telemetry = staff.state("ann")["telemetry"]

    assert truth.aborted == 4 * len(GHOSTS)
    assert staff.digests() == {truth.digest}
    assert (rebuilt["same"], rebuilt["events"]) == (True, 17)
    caused = {prompt.caused_by for prompt in staff.prompts()}
    assert not {event.event_id for event in GHOSTS} & caused
    offered = {item.item_id for prompt in staff.prompts() for item in prompt.items}
    assert offered <= {"bread", "butter", "vodka"}
    assert [] == operator.asks("dead-letters", "list")["dead_letters"]
    assert 0 == telemetry["holes"]
    assert 0 < telemetry["gaps"]


def page(staff: Staff) -> str:
    """Where ann tells how she is."""
    return f"http://127.0.0.1:{staff.ports['ann']}"


def test_what_was_aborted_last_is_no_lag(staff: Staff, operator: Operator) -> None:
    """Nothing waits, so nobody is stuck, behind or not ready; a worker that starts is at once."""
    transact(staff.settings, baskets("past", "bread", "butter"), commit=True)
    staff.start("ann")
    staff.until_at_work("ann")
    transact(staff.settings, GHOSTS, commit=False)
    until_folded(staff, Truth(staff).behind)
    time.sleep(STUCK_S)  # not for luck: so long a worker would have to stand still
    ready = staff.ready("ann")
    (lag,) = operator.asks("lag")["partitions"]
    staff.workers["ann"].kill()
    staff.start("ann")
    staff.until(lambda: staff.ready("ann") is True, "ready again")

    assert ready
    assert (0, 0.0, 0) == (lag["lag_events"], lag["lag_s"], lag["held_back"])
    assert lag["committed"] < lag["end"]
    assert ("OK", 0) == (lag["status"], lag["begin"])


def test_an_open_transaction_holds_nobody_up(
    staff: Staff, operator: Operator, tmp_path: Path
) -> None:
    """The log ends before it, for everybody, and goes on when it is over; meanwhile it is told."""
    transact(staff.settings, baskets("past", "bread", "butter"), commit=True)
    late = Story("late", start_ms=int(time.time() * 1000)).view("bread")
    with transaction(staff.settings, GHOSTS, commit=False):
        produce(staff.settings, foreign(staff.settings), [late])
        staff.start("ann")
        staff.until(lambda: staff.ready("ann") is True, "ready")
        rebuilt = operator.asks("rebuild")
        saved = operator.asks("checkpoint", "save", str(tmp_path / "shop"))
        compared = operator.types("checkpoint", "compare", str(tmp_path / "shop"), page(staff))
        staff.until(lambda: operator.asks("lag")["lag_events"] == 0, "answered")
        (lag,) = operator.asks("lag")["partitions"]
        table = " ".join(operator.types("lag").output.split())
        notes = staff.health("ann")["notes"]
        unanswered = [prompt for prompt in staff.prompts() if prompt.caused_by == late.event_id]
    truth = Truth(staff)
    until_folded(staff, truth.behind)

    assert (15, 15) == (rebuilt["events"], saved["folded"])
    assert 0 == compared.exit_code, compared.output
    assert len(GHOSTS) + 1 == lag["held_back"]
    assert f"{len(GHOSTS) + 1} of partition 0" in table
    assert [f"partition 0: {len(GHOSTS) + 1} offsets wait for a transaction to end"] == notes
    assert [] == unanswered
    assert late.event_id in {prompt.caused_by for prompt in staff.prompts()}
    assert staff.digests() == {truth.digest}
