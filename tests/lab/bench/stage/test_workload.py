"""The benchmark's shoppers."""

from collections import Counter, defaultdict

from streams.contract.events import ItemAdded, decode
from streams.contract.settings import Settings
from streams.lab.bench.stage.tape import taped
from streams.lab.bench.stage.workload import AISLE_ITEMS, workload

EVENTS = 5_000


def test_the_same_seed_gives_the_same_events() -> None:
    """Every contender gets the same; another seed gives others, with ids of their own."""
    one, again, other = list(workload(300)), list(workload(300)), list(workload(300, seed=2))

    assert one == again
    assert not {event.event_id for event in one} & {event.event_id for event in other}


def test_every_event_is_of_the_contract_and_in_order() -> None:
    """What is taped is what `decode` reads, with the session as its key."""
    events = list(workload(EVENTS))
    settings = Settings()
    read = [
        decode(record.key, record.value, timestamp_ms=4_000_000_000_000, settings=settings)
        for record in taped(events, partitions=8)
    ]

    assert events == read
    times_ms = [event.occurred_at_ms for event in events]
    assert sorted(times_ms) == times_ms


def test_a_session_stays_on_one_partition() -> None:
    """Kafka's own partitioner decides, so order within a session holds."""
    partitions = defaultdict(set)
    for record in taped(workload(EVENTS), partitions=8):
        partitions[record.key].add(record.partition)

    assert {1} == {len(found) for found in partitions.values()}
    assert 8 == len({partition for found in partitions.values() for partition in found})


def test_sessions_have_some_eight_events_and_add_what_they_view() -> None:
    """The mean of 1/8 chances to leave is 8: within a third, over some 600 finished sessions."""
    events = list(workload(EVENTS))
    lengths = Counter(event.session_id for event in events)
    seen: set[tuple[str, str]] = set()
    for event in events:
        if isinstance(event, ItemAdded):
            assert (event.session_id, event.item_id) in seen
        seen.add((event.session_id, event.item_id))

    assert 5 < EVENTS / len(lengths) < 11


def test_no_item_has_more_partners_than_a_shop_remembers() -> None:
    """A session keeps to one aisle, so nothing is ever forgotten, in whatever order it comes."""
    partners = defaultdict(set)
    for event in workload(EVENTS):
        partners[event.session_id].add(event.item_id.rpartition("-")[0])

    assert {1} == {len(aisles) for aisles in partners.values()}
    assert Settings().pairs_per_item_max >= AISLE_ITEMS
