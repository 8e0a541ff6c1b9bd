"""Where a checkpoint is taken up in another log, and what goes along."""

import itertools
from collections.abc import Iterator

import pytest

from streams.contract.errors import Misconfigured
from streams.contract.events import Event, ItemAdded
from streams.contract.published.outcomes import Ordered, Returned
from streams.contract.settings import Settings
from streams.operations.log_faults.adoption import (
    LEARN,
    Adoption,
    Learn,
    adoption,
    is_of,
    taken_over,
)
from streams.shop.checkpoint import CheckpointHeader, LogExtent, packed, read, restored
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.stories import OPEN, Story, Till

SETTINGS = Settings(**OPEN, partitions=2)
TOPIC = SETTINGS.topics.events
HERE = LogExtent("here", begins={0: 3, 1: 4}, ends={0: 30, 1: 40}, younger={}, topic_id="one")
LATER = {0: 25, 1: 35}
NOON_MS = 1_790_000_000_000


def adds(sessions: int) -> Iterator[ItemAdded]:
    """Bread and butter go together."""
    for number, item in itertools.product(range(sessions), ("bread", "butter")):
        yield ItemAdded(
            event_id=f"{number}-{item}",
            session_id=f"s{number}",
            occurred_at_ms=NOON_MS + number,
            item_id=item,
        )


def shop_of(events: Iterator[ItemAdded], settings: Settings = SETTINGS) -> Shop:
    """A shop that has seen these, on partition 0."""
    shop = Shop(settings)
    for offset, event in enumerate(events):
        shop.learn(0, offset, event)
    return shop


def header(position: dict[int, int], **more: object) -> CheckpointHeader:
    """A checkpoint that stands there."""
    made, _ = packed(Shop(SETTINGS), cluster="here", topic_id="one", now_ms=0, made_by="ann")
    return made.model_copy(update={"position": position, **more})


@pytest.mark.parametrize(
    ("learn", "position"),
    [("all", {0: 3, 1: 4}), ("later", LATER), ("nothing", {0: 30, 1: 40})],
)
@pytest.mark.parametrize("other", [{"topic_id": "two"}, {"cluster": "there"}, {"topic": "theirs"}])
def test_in_another_log_its_owner_says_what_is_new(
    learn: Learn, position: dict[int, int], other: dict[str, str]
) -> None:
    """Nobody else can know."""
    theirs = header({0: 10, 1: 10}, **other)

    assert Adoption(position, (0, 1), True) == adoption(theirs, TOPIC, HERE, LATER, learn)
    with pytest.raises(Misconfigured, match="say with --learn"):
        adoption(theirs, TOPIC, HERE, LATER, None)


@pytest.mark.parametrize("learn", [*LEARN, None])
def test_offsets_that_fit_are_left_alone(learn: Learn | None) -> None:
    """Whatever is said: nothing is learned twice by a slip."""
    adopted = adoption(header({0: 10, 1: 40}), TOPIC, HERE, LATER, learn)

    assert not adopted.is_needed
    assert {0: 10, 1: 40} == adopted.position


@pytest.mark.parametrize("log", [HERE, HERE._replace(younger={1: 36})])
def test_of_a_log_that_lost_its_end_only_that_partition_is_moved(log: LogExtent) -> None:
    """Also where it has grown beyond that since: what is there was appended later."""
    stands = header({0: 10, 1: 41 if log is HERE else 38})

    assert Adoption({0: 10, 1: 35}, (1,), True) == adoption(stands, TOPIC, log, LATER, "later")
    with pytest.raises(Misconfigured, match="partition 1 mean something else"):
        adoption(stands, TOPIC, log, LATER, None)


def test_partitions_that_were_added_begin_at_their_beginning() -> None:
    """And sessions stay where they are."""
    wider = LogExtent("here", {0: 3, 1: 4, 2: 0}, {0: 30, 1: 40, 2: 7}, {}, "one")

    assert Adoption({0: 10, 1: 10, 2: 0}, (2,), True) == adoption(
        header({0: 10, 1: 10}), TOPIC, wider, LATER, None
    )


def test_sessions_stay_behind_where_a_new_log_has_other_partitions() -> None:
    """Each session's partition is another one there, in most cases."""
    wider = LogExtent("here", dict.fromkeys(range(4), 0), dict.fromkeys(range(4), 9), {}, "two")
    adopted = adoption(header({0: 10, 1: 10}), TOPIC, wider, {}, "nothing")

    assert Adoption(dict.fromkeys(range(4), 9), (0, 1, 2, 3), False) == adopted


def test_an_id_that_is_not_told_is_no_difference() -> None:
    """A checkpoint of an earlier version has none, nor has an embedded broker."""
    assert is_of(header({}, topic_id=""), TOPIC, HERE)
    assert is_of(header({}), TOPIC, HERE._replace(topic_id=""))
    assert not is_of(header({}), TOPIC, HERE._replace(topic_id="two"))


@pytest.mark.parametrize("keeps", [True, False])
def test_what_was_learned_goes_along_and_counts(keeps: bool) -> None:
    """Its checkpoint is read again, knows as many events, and what is new comes on top, once."""
    shop = shop_of(adds(20))
    both = shop_of(
        itertools.chain(adds(20), (e.model_copy(update={"session_id": "late"}) for e in adds(1)))
    )
    moved = taken_over(shop, Adoption({0: 5, 1: 0}, (0, 1), keeps), events=40)
    _, data = packed(moved, cluster="here", topic_id="two", now_ms=0, made_by="ann")
    found = read(data)
    back = restored(found, SETTINGS)
    for offset, event in enumerate(adds(1), start=5):
        again = event.model_copy(update={"session_id": "late"})
        assert "folded" == back.learn(0, offset, again)

    assert (40, {0: 5, 1: 0}) == (found.header.events, found.header.position)
    assert (0, 35) == (found.header.skipped, found.header.carried)
    for part in ("baskets", "popularity", "policy"):
        assert both.digests()[part] == back.digests()[part]
    assert keeps == (20 <= len(back.sessions[0]))


@pytest.mark.parametrize("start", [0, 3])
@pytest.mark.parametrize("views", [1, 40, 100])
def test_an_order_in_the_new_log_is_of_the_side_that_its_session_was_on(
    start: int, views: int
) -> None:
    """Though the offset of the session's first event was a higher one in the log before.

    Nor is an event that was seen in the log before, or came too late to tell, taken for a new one.
    """
    settings = Settings(**{**OPEN, "holdout_share": 0.5}, partitions=2)
    shop, story, pending = Shop(settings), Story(), PendingPrompts()
    shop.start(0, 500)
    seen = [story.view(f"bread {number}") for number in range(views)]
    for offset, view in enumerate(seen, start=500):
        shop.learn(0, offset, view)
    moved = taken_over(shop, Adoption({0: start, 1: 0}, (0, 1), True), events=views)
    _, data = packed(moved, cluster="here", topic_id="two", now_ms=0, made_by="ann")
    back = restored(read(data), settings)
    new: list[Event] = [story.order("bread 0"), story.cancel(), seen[0], seen[-1]]
    answers = []
    for offset, event in enumerate(new, start=start):
        assert "folded" == back.learn(0, offset, event)
        answers.append(back.answer(event, 0, offset, pending))
    ordered, returned, *repeated = answers

    assert [Ordered, Returned] == [
        type(told) for answer in (ordered, returned) for told in answer.unit_outcomes
    ]
    assert ["duplicate"] * 2 == [answer.silence and answer.silence.reason for answer in repeated]


def test_what_was_seen_before_the_end_that_was_lost_is_where_it_was() -> None:
    """It may have to be answered yet: its offset means the same."""
    shop, story = Shop(SETTINGS), Story()
    seen = [story.view("bread"), story.view("butter"), story.view("jam")]
    for offset, event in enumerate(seen):
        shop.learn(0, offset, event)
    moved = taken_over(shop, Adoption({0: 2, 1: 0}, (0,), True), events=3)
    (session,) = moved.sessions[0]

    assert [0, 1, 1] == [session.seen.first(event, 9) for event in seen]


@pytest.mark.parametrize("read_again", [False, True])
def test_a_prompt_that_was_shown_before_a_move_counts_no_second_time(read_again: bool) -> None:
    """Though its session stays behind; one that comes afterwards counts."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    prompt = till.prompt(story.add("bread"))
    till.serve(story.see(prompt))
    shown = till.shop.policy.exact_state()
    moved = taken_over(till.shop, Adoption(dict.fromkeys(range(8), 0), (), False), events=9)
    if read_again:
        _, data = packed(moved, cluster="here", topic_id="two", now_ms=0, made_by="ann")
        moved = restored(read(data), till.shop.settings)
    till.shop = moved
    clicked = till.serve(story.click(prompt))
    counted = moved.policy.exact_state()
    till.serve(story.see(till.prompt(story.add("jam", quantity=2))))

    assert clicked.rejected is not None
    assert "receipt_forgotten" == clicked.rejected.reason
    assert shown == counted
    assert counted != moved.policy.exact_state()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_part_that_no_fold_gives_is_still_marked_in_the_new_log(keeps: bool) -> None:
    """Else it would be compared with a fold, and differ for no reason that is told."""
    shop = shop_of(adds(2))
    shop.adopted = {"policy": "taught again"}
    shop.policy.approximate = True
    moved = taken_over(shop, Adoption({0: 0, 1: 0}, (0, 1), keeps), events=4)

    assert {"policy": "taught again"} == moved.adopted
    assert moved.policy.approximate
    assert not moved.learned.baskets.approximate
    assert "policy" not in moved.digests()


def test_a_shopper_who_was_forgotten_stays_forgotten() -> None:
    """Though sessions stay behind."""
    shop = shop_of(adds(1))
    shop.identity.denials.note("a hash", NOON_MS)
    moved = taken_over(shop, Adoption({0: 0, 1: 0}, (0, 1), False), events=2)

    assert shop.identity.denials.state() == moved.identity.denials.state()
    assert moved.identity.denials.state()
