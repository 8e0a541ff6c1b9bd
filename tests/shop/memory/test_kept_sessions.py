"""The sessions of a partition as they are kept: their times, and what is refused."""

import json
from typing import Any

import pytest

from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.baskets.taken import Taken
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.order import Order
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.seen import REFUSED, UNREAD
from streams.shop.memory.orders.weight import BYTES_MAX, ROOM_BYTES, weight
from streams.shop.memory.session import NEVER, VERSION, Session
from streams.shop.memory.sessions import Sessions, session_of
from streams.shop.people.assignment import Experiment
from streams.shop.people.shoppers import note_shopper
from streams.shop.people.sign_in import SignIn
from streams.shop.people.ties import NO_TIES
from tests.shop.memory.orders.test_earnings import RECEIPT
from tests.stories import NOON_MS, Story, received


def sessions() -> Sessions:
    """None yet."""
    return Sessions(gap_s=1_800.0, basket_ttl_s=86_400.0, sessions_max=9)


def again(kept: Sessions) -> Sessions:
    """Those that go on from what a checkpoint holds."""
    restored = sessions()
    restored.restore(json.loads(json.dumps(kept.state())))
    return restored


@pytest.mark.parametrize("delay_s", [0.0, 60.0])
def test_when_the_broker_got_an_event_and_when_it_happened_are_kept_apart(delay_s: float) -> None:
    """What is late goes by the one, what expires by the other."""
    kept = sessions()
    kept.of(received(Story().view("bread"), delay_s=delay_s))
    restored = again(kept)

    late_ms = round(1_000 * delay_s)
    assert (NOON_MS + 1_000 + late_ms, NOON_MS + 1_000) == (
        *(restored.watermark_ms, restored.latest_ms),
    )
    assert kept.state() == restored.state()


@pytest.mark.parametrize("version", [0, VERSION + 1, -1, None, "1"])
def test_a_session_of_another_version_is_refused_by_its_version(version: Any) -> None:
    """A later one may mean something else by the same fields."""
    state = json.loads(json.dumps(sessions().of(Story().view("bread")).state()))
    assert state == json.loads(json.dumps(session_of(state).state()))

    with pytest.raises(ValueError, match="a session of version"):
        session_of([*state[:13], version, *state[14:]])


@pytest.mark.parametrize("orders", [[["o-1", 7]], [[7, "e1"]], [["o-1", None]], "o", 7])
def test_orders_of_a_session_that_are_none_are_refused(orders: Any) -> None:
    """A number, and the event that brought it."""
    state = json.loads(json.dumps(sessions().of(Story().view("bread")).state()))

    with pytest.raises((TypeError, ValueError)):
        session_of([*state[:17], orders, *state[18:]])


@pytest.mark.parametrize(
    "taken",
    [
        [NOON_MS, 1, NOON_MS],
        [NOON_MS, 3, NOON_MS - 1, 1, NOON_MS, 1],
        [NOON_MS, 1, YEAR_2100_MS + 1, 1],
        [NOON_MS, 1, -1, 1],
        [NOON_MS, -1],
        [NOON_MS, 1, NOON_MS, "1"],
        [NOON_MS],
    ],
    ids=str,
)
def test_what_was_taken_out_by_no_removal_is_refused(taken: list[Any]) -> None:
    """A time of its own for each, and as many as are missing in all."""
    sound = [NOON_MS, 2, NOON_MS - 1, 1, NOON_MS, 1]
    state = json.loads(json.dumps(sessions().of(Story().view("bread")).state()))
    held = session_of([*state[:16], [["jam", *sound]], *state[17:]])
    assert {"jam": Taken.from_state(sound)} == held.taken

    with pytest.raises((TypeError, ValueError)):
        session_of([*state[:16], [["jam", *taken]], *state[17:]])


# What was kept once


def before(version: int) -> list[Any]:
    """A session as it was kept in this version: bread in the basket, jam bought, tea looked at."""
    bought: list[Any] = ["jam"] if version < 3 else [["jam", NOON_MS - 5]]
    state: list[Any] = ["s1", NOON_MS - 9, NOON_MS, "ann", [["bread", 2]], ["tea"], ["tea"]]
    state += [bought, True, [3, NOON_MS - 7, 1], [["e1", 7], ["e2", 9]], ["e1"], []]
    if version > 1:
        state += [version, [["bread", "jam"], [["bread", "jam"]]], ["tea"]]
    if version > 2:
        state += [[["soap", NOON_MS, 1]], [["o-1", "e2"]], [NOON_MS - 8, "p1"], ["e1"], ["e2"]]
    if version > 3:
        state += [None, [2, 0, -1, -1, [NOON_MS]]]
    return state


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_session_of_before_goes_on_with_what_it_had(version: int) -> None:
    """Visit, basket, purchases, prompts, and what it has taught: none of that counts anew."""
    session = session_of(before(version))
    taught = session.taught

    assert ("s1", NOON_MS - 9, NOON_MS) == (session.session_id, session.started_ms, session.last_ms)
    assert ({"bread": 2}, ["tea"], ["tea"]) == (session.basket, session.viewed, session.path)
    assert {"jam": NOON_MS if version < 3 else NOON_MS - 5} == session.bought
    assert (True, 3, NOON_MS - 7, 1) == (
        *(session.in_checkout, session.shown, session.last_shown_ms, session.dismissals),
    )
    assert ("ann", 7, 9) == (session.signed_in.shopper_id, session.seen["e1"], session.seen["e2"])
    assert ({"tea": None}, 2) == (session.looked, len(taught))
    assert "bread" in taught
    assert "jam" in taught
    assert (0 if version == 1 else 1) == taught.apart
    assert ({} if version < 3 else {"o-1": "e2"}) == session.orders
    assert (["soap"] if version > 2 else []) == list(session.taken)
    assert (["e1"] if version > 2 else []) == session.seen.marked(REFUSED)
    assert (["e2"] if version > 2 else []) == session.seen.marked(UNREAD)
    assert (NEVER if version < 3 else (NOON_MS - 8, "p1")) == session.forgotten
    assert session.assignment is None
    state = json.loads(json.dumps(session.state()))
    assert state == json.loads(json.dumps(session_of(state).state()))


def test_a_busy_session_goes_on_with_its_side_and_with_when_its_events_came() -> None:
    """As it was kept, to the last element."""
    story, kept = Story(), sessions()
    session = kept.of(story.view("bread"))
    experiment = Experiment("spring", 0.5, "salt")
    session.assignment = experiment.assigned(story.view("bread"), 3)
    for number in range(80):
        event = story.view(f"item-{number}")
        session = kept.of(event)
        session.note(event, number)
    (restored,) = again(kept)

    assert (session.assignment, session.seen.arrivals) == (
        *(restored.assignment, restored.seen.arrivals),
    )
    assert restored.assignment is not None
    assert kept.state() == again(kept).state()


# When they leave


@pytest.mark.parametrize(("after_ms", "left"), [(99_999, ["old", "new"]), (100_000, ["new"])])
def test_a_session_leaves_when_nobody_came_back_for_as_long_as_persons_are_kept(
    after_ms: int, left: list[str]
) -> None:
    """To the millisecond, when the next session begins."""
    kept = Sessions(gap_s=1.0, basket_ttl_s=9.0, sessions_max=9, personal_ttl_s=100.0)
    kept.of(Story("old", start_ms=NOON_MS).view("tea", after_s=0))
    kept.of(Story("new", start_ms=NOON_MS + after_ms).view("tea", after_s=0))

    assert left == [session.session_id for session in kept]
    assert not kept.forgot


def test_of_sessions_that_all_are_of_long_ago_the_new_one_stays() -> None:
    """It is filled in, years late: its events are folded all the same."""
    kept = Sessions(gap_s=1.0, basket_ttl_s=9.0, sessions_max=1, personal_ttl_s=100.0)
    kept.of(Story("now", start_ms=NOON_MS).view("tea"))
    late = kept.of(Story("late", start_ms=NOON_MS - 10**9).view("tea"))

    assert late is kept.find("late")
    assert (["late"], True) == ([session.session_id for session in kept], kept.forgot)


def test_who_bought_is_kept_with_an_order_as_long_as_anything_personal() -> None:
    """To the millisecond, by the latest event of the partition; the order itself stays."""
    for after_ms, buyer in ((99_999, "ann"), (100_000, None)):
        kept = Sessions(gap_s=1.0, basket_ttl_s=9.0, sessions_max=9, personal_ttl_s=100.0)
        story = Story(start_ms=NOON_MS)
        order = Order.of(story.order("tea", order_id="o-1", after_s=0), "ann")
        kept.orders.remember(order)
        kept.of(Story("s2", start_ms=NOON_MS + after_ms).view("tea", after_s=0))
        assert "ann" == order.shopper_id
        said = kept.state()

        assert order is kept.orders.get("o-1")
        assert said == again(kept).state()
        assert buyer == order.shopper_id


def test_no_visitor_and_no_shopper_is_kept_longer_than_the_sessions_they_lead_to() -> None:
    """The last one of a visitor who was signed in leaves for want of room."""
    kept = Sessions(gap_s=1_800.0, basket_ttl_s=86_400.0, sessions_max=1)
    event = Story("s1", visitor_id="v", shopper_id="ann").view("tea")
    session = kept.of(event)
    session.signed_in = SignIn("ann", None, event.occurred_at_ms, True)
    note_shopper(session)
    assert (True, True) == (bool(kept.visitors), bool(kept.orders.shoppers))
    kept.of(Story("s2").view("tea", after_s=60))

    assert ["s2"] == [one.session_id for one in kept]
    assert (False, False) == (bool(kept.visitors), bool(kept.orders.shoppers))


@pytest.mark.parametrize("room", [1, 2, 3])
def test_where_there_is_less_room_than_before_the_idlest_sessions_leave(room: int) -> None:
    """And what was prompted in them counts no second time, as when they leave one by one."""
    kept, story = sessions(), Story("s1")
    for number in range(1, 4):
        session = kept.of(Story(f"s{number}", start_ms=NOON_MS + number).view("tea"))
        receipt = RECEIPT._replace(prompt_id=f"p{number}", session_id=session.session_id)
        session.remember(Impression(receipt, [Reached("shown", story.session_id, NOON_MS)]))
    narrow = Sessions(gap_s=1_800.0, basket_ttl_s=86_400.0, sessions_max=room)
    narrow.restore(json.loads(json.dumps(kept.state())))

    assert ["s1", "s2", "s3"][-room:] == [one.session_id for one in narrow]
    assert (room < 3) == narrow.forgot
    assert (NEVER if room == 3 else (NOON_MS, f"p{3 - room}")) == narrow.forgotten


def test_where_no_trail_was_lent_none_goes_back() -> None:
    """Whoever settles after each event changes nothing by it."""
    kept = sessions()
    kept.of(Story("s1", visitor_id="v").view("tea"))
    before = kept.state()
    kept.settle()

    assert before == kept.state()


# What they share


def test_a_session_goes_on_with_the_orders_of_its_partition() -> None:
    """What it is told of an order after a restart is of that order, not of one more."""
    kept, story = sessions(), Story()
    kept.of(story.view("bread"))
    kept.orders.remember(Order.of(story.order("bread", order_id="o-1"), None))
    restored = again(kept)

    assert [restored.orders] == [session.order_memory for session in restored]
    assert restored.orders.get("o-1") is not None


@pytest.mark.parametrize("shown_in", ["s1", "s0"])
def test_of_the_id_of_a_session_there_is_one_text(shown_in: str) -> None:
    """Its own id, or that of a former: restored, its prompts take no more memory than before."""
    session = Session("s1", NOON_MS, NOON_MS, ties=NO_TIES._replace(formers=("s0",)))
    receipt = RECEIPT._replace(session_id=shown_in)
    session.remember(Impression(receipt, [Reached("shown", "e0", NOON_MS)]))
    restored = session_of(json.loads(json.dumps(session.state())))
    (one,) = restored.impressions.values()
    (former,) = restored.ties.formers

    assert shown_in == one.session_id
    assert one.session_id is (restored.session_id if shown_in == "s1" else former)


def made_heavy(session: Session) -> None:
    """It has come to weigh more than it may."""
    session.taken = {f"taken-{number}": Taken(NOON_MS, 0) for number in range(22)}
    session.bought = {f"bought-{number}": NOON_MS for number in range(40)}
    assert weight(session) > BYTES_MAX


def test_a_session_that_goes_on_is_weighed_as_soon_as_it_has_the_trail() -> None:
    """Not only with its own next event that is weighed: the trail may be a heavy one."""
    kept, story = sessions(), Story("s1", visitor_id="v")
    made_heavy(kept.of(story.view("tea")))
    two = kept.of(Story("s2", visitor_id="v", start_ms=story.now_ms).view("tea"))

    assert ("s1",) == two.ties.formers
    assert weight(two) <= BYTES_MAX - ROOM_BYTES
    assert "bought-39" in two.bought


def test_a_trail_that_was_lent_is_weighed_when_it_comes_back() -> None:
    """A late event of the session before has made it heavy; few events may come after that."""
    kept, story = sessions(), Story("s1", visitor_id="v")
    kept.of(story.view("tea"))
    late = story.view("bread")
    two = kept.of(Story("s2", visitor_id="v", start_ms=story.now_ms).view("tea"))
    made_heavy(kept.of(late))
    kept.settle()

    assert two is kept.find("s2")
    assert weight(two) <= BYTES_MAX - ROOM_BYTES
    assert "bought-39" in two.bought
