"""What comes after its session has forgotten whether it had come: what is lost, and what is not."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine, OrderPlaced, OrderReturned
from streams.shop.memory.orders.orders import Orders
from streams.shop.memory.orders.seen import SEEN_MAX, TIED_MAX
from streams.shop.memory.session import Session
from streams.shop.people.denials import hashed
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.stories import NOON_MS, Story, Till

MANY = SEEN_MAX + 6
AT_ONCE: dict[str, Any] = {"after_s": 0}


def session_of(shop: Shop, session_id: str = "s1") -> Session:
    """The session of this id."""
    session = shop.sessions[0].find(session_id)
    assert session is not None
    return session


def served(events: Iterable[Event], **settings: Any) -> Till:
    """A shop that has had these events, and was begun again from what it kept now and then."""
    till = Till(**settings)
    for number, event in enumerate(events):
        if number % 50 == 49:
            woken = Shop(till.shop.settings)
            restore(woken.parts(), json.loads(json.dumps(till.shop.state())))
            woken.too_late, till.shop = till.shop.too_late, woken  # that is of a process
        till.serve(event)
    return till


def woken(till: Till) -> Till:
    """The same, begun again from what is kept."""
    shop = Shop(till.shop.settings)
    restore(shop.parts(), json.loads(json.dumps(till.shop.state())))
    for partition, sessions in till.shop.sessions.items():
        shop.sessions[partition].orders.orders_max = sessions.orders.orders_max
    till.shop = shop
    return till


def looks(story: Story, number: int = MANY, **more: Any) -> list[Event]:
    """So many, a second apart unless it is said otherwise."""
    return [story.view(f"item-{place % 30}", **more) for place in range(number)]


def orders(till: Till) -> set[str]:
    """The numbers of the orders that count."""
    memory = till.shop.sessions[0].orders
    return {state[0] for state in memory.state()[0]}


# Denials


@pytest.mark.parametrize("after_s", [0, 1, -1])
def test_whoever_is_to_be_forgotten_is_however_many_are(after_s: int) -> None:
    """A hundred in one session: at once, one after the other, and the latest first."""
    story = Story("office-gdpr")
    till = served(story.forget(f"bts-{n}", after_s=after_s) for n in range(100))

    assert {hashed(f"bts-{n}") for n in range(100)} == set(till.shop.identity.denials.at_s)
    assert 0 == till.shop.too_late


@pytest.mark.parametrize("kind", ["view", "add", "remove"])
@pytest.mark.parametrize("always", [{"shopper_id": "ann"}, {"schema_version": 2}])
def test_consent_that_is_withdrawn_counts_however_late_that_comes(
    kind: str, always: dict[str, Any]
) -> None:
    """By its own time, of whom it names or who is there; what else it says is lost, and counted."""
    story = Story(**always)
    bought = story.order("bread", shopper_id="ann")
    denies = getattr(story, kind)("jam", consent=False)
    till = served([bought, *looks(story, 2 * SEEN_MAX), denies])

    denials = till.shop.identity.denials
    assert denials.covers(hashed("ann"), denies.occurred_at_ms)
    assert "ann" not in json.dumps(till.shop.state()["repeats"])
    assert "jam" not in session_of(till.shop).basket
    assert 1 == till.shop.too_late


def test_a_denial_that_comes_again_denies_nothing_that_came_later() -> None:
    """Consent was given anew since: who bought by that is remembered."""
    story = Story(shopper_id="ann")
    denies = story.view("jam", consent=False)
    later = [story.order("bread"), *looks(story, 2 * SEEN_MAX)]
    till = served([denies, *later])
    before = json.dumps(till.shop.state()["repeats"])
    assert "ann" in before
    till.serve(denies)

    assert before == json.dumps(till.shop.state()["repeats"])
    assert "ann" == session_of(till.shop).signed_in.shopper_id


def test_who_left_is_not_taken_for_who_is_there() -> None:
    """A late word of nobody in particular is of who was there then."""
    story = Story()
    named = story.view("bread", shopper_id="ann")
    denies = story.view("jam", consent=False)
    out = story.view("jam", shopper_id=None, consent=True)
    later = [story.order("bread", shopper_id="bob"), *looks(story, 2 * SEEN_MAX)]
    till = served([named, out, *later, denies])

    assert hashed("bob") not in till.shop.identity.denials
    assert "bob" in json.dumps(till.shop.state()["repeats"])


def test_where_consent_is_supposed_a_late_refusal_holds() -> None:
    """Until a later word."""
    story = Story(shopper_id="ann", consent=None)
    denies = story.view("jam", consent=False)
    till = served([*looks(story, 2 * SEEN_MAX), denies], consent_default=True)

    assert session_of(till.shop).refused_consent
    assert hashed("ann") in till.shop.identity.denials


# Orders, and what comes back of them


@pytest.mark.parametrize("views", [SEEN_MAX, SEEN_MAX + 1, SEEN_MAX + 2, 200])
def test_an_order_behind_many_views_of_its_moment_counts(views: int) -> None:
    """One request without times, or one body with a large cart and its purchase."""
    story = Story()
    till = served([*looks(story, views, **AT_ONCE), story.order("bread", **AT_ONCE)])

    assert {"o-s1-1"} == orders(till)
    assert {"bread": NOON_MS} == session_of(till.shop).bought


@pytest.mark.parametrize("again", ["the same", "another id"])
def test_an_order_counts_once_however_late_it_comes(again: str) -> None:
    """Told apart by its number: a webhook tells it three minutes after it was placed."""
    story = Story(shopper_id="ann")
    story.view("bread")
    placed = story.order("bread", "butter", event_id="w-1")
    other = placed if again == "the same" else placed.model_copy(update={"event_id": "w-2"})
    till = served([*looks(story, 2 * SEEN_MAX), placed], holdout_share=0.5)
    once = till.shop.state()
    answer = till.serve(other)

    assert {"o-s1-1"} == orders(till)
    for part in ("baskets", "popularity", "repeats"):
        assert once[part] == till.shop.state()[part]
    assert () == answer.unit_outcomes


def test_a_late_order_is_told_for_its_side_once() -> None:
    """Now, and whenever its answer is asked for."""
    story = Story()
    first = story.view("tea")
    placed = story.order("bread", "butter")
    till = served([first, *looks(story, 2 * SEEN_MAX)], holdout_share=0.5)
    answer = till.serve(placed)
    offset = till.shop.position[0] - 1
    till.serve(placed)

    assert ["ordered"] == [one.type for one in answer.unit_outcomes]
    assert answer.unit_outcomes == till.ask(placed, offset).unit_outcomes
    assert () == till.ask(placed, offset + 1).unit_outcomes


def test_a_late_order_takes_what_it_bought_out_of_the_basket() -> None:
    """It is folded as one in time is."""
    story = Story()
    added = story.add("bread", quantity=3)
    placed = story.order("bread")
    till = served([added, *looks(story, 2 * SEEN_MAX), placed])

    assert {"bread": 2} == session_of(till.shop).basket


def test_an_order_older_than_all_that_are_remembered_may_be_a_repeat() -> None:
    """Where its partition has forgotten orders, and its session events."""
    story = Story()
    first = story.order("bread")
    till = served([first, *looks(story, 2 * SEEN_MAX), story.order("tea")])
    own = till.shop.sessions[0].orders
    own.orders_max = 1
    till.serve(story.order("jam"))
    assert own.forgot
    session_of(till.shop).orders.clear()
    for _ in looks(story):
        till.serve(story.view("tea"))
    till.serve(first)

    assert first.order_id not in own
    assert 1 == till.shop.too_late


def test_nothing_is_forgotten_of_no_orders() -> None:
    """Nor of some, before the first of them left."""
    own = Orders()
    assert not own.may_have_forgotten(NOON_MS)
    own.forgot = True  # a waiting return alone
    assert not own.may_have_forgotten(NOON_MS)


def test_late_orders_count_once_in_whichever_order_they_were_told() -> None:
    """The latest first, so that those which were forgotten are the newest."""
    till, office = Till(holdout_share=0.5), Story("office", start_ms=NOON_MS)
    placed = [
        office.order(f"item-{n}", order_id=f"o-{n}", shopper_id=f"ann-{n}", after_s=-60)
        for n in range(200)
    ]
    till.serve(Story("office", start_ms=NOON_MS + 1000).view("tea", event_id="newest"))
    own = till.shop.sessions[0].orders
    own.orders_max = 100
    for event in placed:
        till.serve(event)
    till = woken(till)
    once, kept = till.shop.state(), orders(till)
    told = [one for event in placed for one in till.serve(event).unit_outcomes]

    assert own.forgot
    assert placed[0].occurred_at_ms == own.forgot_ms
    assert [] == told
    assert kept == orders(till)
    for part in ("baskets", "popularity", "repeats"):
        assert once[part] == till.shop.state()[part]


def test_of_a_state_that_does_not_say_what_was_forgotten_any_order_may_be() -> None:
    """As earlier ones did not; nor does what is kept from then on."""
    state: list[Any] = [[], [], True, False]
    own = Orders()
    own.restore(state, lambda _: None)

    assert own.may_have_forgotten(NOON_MS)
    assert state == own.state()


def test_what_only_forgot_returns_says_so_when_it_is_begun_again() -> None:
    """It has forgotten no orders, and knows that."""
    own, again = Orders(waiting_max=1), Orders()
    for number in "12":
        own.note_back(f"o-{number}", {"jam": 1})
    again.restore(json.loads(json.dumps(own.state())), lambda _: None)

    assert own.forgot
    assert again.forgot
    assert not again.may_have_forgotten(NOON_MS)


@pytest.mark.parametrize("after_s", [0, 1, -1])
def test_all_that_is_cancelled_is_however_many_orders_that_are(after_s: int) -> None:
    """A nightly run, in a session of its own."""
    placed = [Story(f"s{n}").order("bread", order_id=f"o-{n}") for n in range(100)]
    office = Story("office-nightly", start_ms=NOON_MS + 3_600_000)
    cancels = [office.cancel(order_id=f"o-{n}", after_s=after_s) for n in range(100)]
    till = served([*placed, *cancels])

    assert not till.shop.learned.popularity.recommend([], 3)
    assert 0 == till.shop.too_late


def returned(order_id: str, quantity: int, story: Story) -> OrderReturned:
    """So many came back."""
    line = OrderLine(item_id="jam", quantity=quantity)
    return story.send_back(order_id=order_id, lines=(line,))


@pytest.mark.parametrize(
    ("quantities", "left"), [([1], 1), ([1, 1], 1), ([1, 2], 3), ([3, 1], 3), ([2, 10], 10)]
)
def test_a_late_return_counts_as_far_as_it_is_surely_another_one(
    quantities: list[int], left: int
) -> None:
    """Of an item that more comes back of than all that was told: a repeat of it told that much."""
    story = Story()
    line = OrderLine(item_id="jam", quantity=10)
    placed = story.order(lines=(line,))
    back = [returned("o-s1-1", quantity, story) for quantity in quantities]
    till = served([placed, *looks(story, 2 * SEEN_MAX), *back, *back])
    order = till.shop.sessions[0].orders.get("o-s1-1")

    assert order is not None
    assert left == order.lines["jam"].back
    assert left <= sum(quantities)


def test_late_returns_of_orders_elsewhere_count_once_however_many_wait() -> None:
    """More than are remembered; all of an order may be cancelled as often as that is told."""
    shop, line = Till().shop, OrderLine(item_id="jam", quantity=10)
    office, offsets = Story("office", start_ms=NOON_MS + 3_600_000), [0, 0]

    def learn(partition: int, event: Event) -> None:
        shop.learn(partition, offsets[partition], event)
        offsets[partition] += 1

    for n in range(100):
        learn(1, Story(f"s{n}").order(lines=(line,), order_id=f"o-{n}"))
    back = [returned(f"o-{n}", 1, office) for n in range(100)]
    learn(0, back[0])
    shop.sessions[0].orders.waiting_max = 50
    for event in [*back[1:], *back]:
        learn(0, event)
    placed = [shop.sessions[1].orders.get(f"o-{n}") for n in range(100)]

    assert [1] * 100 == [order.lines["jam"].away for order in placed if order]
    for n in (0, 0, 99):
        learn(0, office.cancel(order_id=f"o-{n}", after_s=-9000))
    assert [10, 1, 10] == [placed[n].lines["jam"].away for n in (0, 50, 99)]  # type: ignore[union-attr]


@pytest.mark.parametrize("before", [0, 17])
def test_an_order_that_another_session_told_first_takes_no_basket_twice(before: int) -> None:
    """A webhook was first, and its session has forgotten its own word of it since."""
    till, story, hook = Till(), Story(), Story("hook")
    till.serve(story.add("bread"))
    till.serve(hook.order("bread", order_id="o-1"))
    mine = story.order("bread", order_id="o-1")
    till.serve(mine)
    for number in range(before):
        till.serve(story.order("milk", order_id=f"x-{number}"))
    for event in [story.add("bread"), *looks(story, 2 * SEEN_MAX), mine]:
        till.serve(event)

    assert (before == 0) == ("o-1" in session_of(till.shop).orders)
    assert {"bread": 1} == session_of(till.shop).basket
    assert 1 == till.shop.too_late


def test_a_late_order_that_a_webhook_told_first_is_the_first_of_its_session() -> None:
    """Which has told none, and forgets no last one: it empties the basket."""
    till, story = Till(), Story()
    till.serve(story.add("bread"))
    mine = story.order("bread", order_id="o-1")
    till.serve(Story("hook").order("bread", order_id="o-1"))
    for event in [*looks(story, 2 * SEEN_MAX), mine]:
        till.serve(event)

    assert {} == session_of(till.shop).basket


# Equal times


@pytest.mark.parametrize("number", [SEEN_MAX + 1, SEEN_MAX + 2, TIED_MAX, TIED_MAX + 1, 300])
def test_what_is_as_new_as_the_newest_is_not_too_late(number: int) -> None:
    """However many there are of one moment: the last of them is an add, and counts."""
    story = Story()
    till = served([*looks(story, number, **AT_ONCE), story.add("bread", **AT_ONCE)])

    assert {"bread": 1} == session_of(till.shop).basket
    assert 0 == till.shop.too_late


@pytest.mark.parametrize("later", [False, True])
def test_what_was_sent_at_once_and_comes_again_changes_nothing(*, later: bool) -> None:
    """As many events as a session remembers of one moment, by whatever it did since."""
    story = Story()
    at_once = [story.add(f"item-{n % 30}", **AT_ONCE) for n in range(TIED_MAX)]
    more = [story.view("tea")] if later else []
    till = served([*at_once, *more])
    before = dict(session_of(till.shop).basket)
    for event in at_once:
        till.serve(event)

    assert TIED_MAX == sum(before.values())
    assert before == session_of(till.shop).basket
    assert (SEEN_MAX if later else TIED_MAX) == len(session_of(till.shop).seen)


def test_of_still_more_at_once_the_first_may_count_twice() -> None:
    """Until something newer comes: nobody can tell them from new ones, and none is to be lost."""
    story = Story()
    at_once = [story.add("bread", **AT_ONCE) for _ in range(TIED_MAX + 5)]
    till = served([*at_once, at_once[0], at_once[-1]])
    assert TIED_MAX + 6 == session_of(till.shop).basket["bread"]
    till.serve(story.view("tea"))
    till.serve(at_once[1])

    assert TIED_MAX + 6 == session_of(till.shop).basket["bread"]


def test_what_is_late_and_cannot_be_told_is_counted() -> None:
    """Looks, adds and feedback: the metric tells that there were some."""
    story = Story()
    late: list[Event] = [story.view("bread"), story.add("bread"), story.check_out()]
    late.append(story.set_basket("tea"))
    till = served([*looks(story, 2 * SEEN_MAX), *late])

    assert len(late) == till.shop.too_late
    assert {} == session_of(till.shop).basket


# Beside a twin that keeps everything

KINDS = st.sampled_from(["view", "order", "cancel", "forget", "deny"])
STEPS = st.lists(st.tuples(KINDS, st.integers(0, 5), st.integers(-400, 100)), max_size=160)


def told(steps: list[tuple[str, int, int]]) -> list[Event]:
    """Events of one session, at any times, many of them at once."""
    events: list[Event] = []
    for place, (kind, number, at_s) in enumerate(steps):
        story = Story("s1", start_ms=NOON_MS + 1000 * max(at_s, 0))
        who = f"ann-{number}"
        said = {"event_id": f"e{place}", "after_s": min(at_s, 0)}
        if kind == "view":
            events.append(story.view("bread", **said))
        elif kind == "order":
            events.append(story.order("bread", order_id=f"o-{number}", **said))
        elif kind == "cancel":
            events.append(story.cancel(order_id=f"o-{number}", **said))
        elif kind == "forget":
            events.append(story.forget(who, **said))
        else:
            events.append(story.view("bread", shopper_id=who, consent=False, **said))
    return events


@given(STEPS, st.data())
def test_denials_orders_and_cancellations_are_those_of_a_twin_that_forgets_nothing(
    steps: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    """In whichever order they come, begun again now and then, some of them twice."""
    events = told(steps)
    again = data.draw(st.lists(st.sampled_from(events), max_size=20)) if events else []
    till = served([*looks(Story("s1", start_ms=NOON_MS - 900_000), 70), *events, *again])
    denied: dict[str, int] = {}
    for event in events:
        if event.shopper_id is not None and event.type in ("item_viewed", "shopper_forgotten"):
            who = hashed(event.shopper_id)
            denied[who] = max(denied.get(who, 0), event.occurred_at_ms // 1000)
    placed = {one.order_id for one in events if isinstance(one, OrderPlaced)}
    off = {one.order_id for one in events if one.type == "order_cancelled"}
    kept = till.shop.sessions[0].orders

    assert denied == till.shop.identity.denials.at_s
    assert placed == orders(till)
    for name in placed:
        order = kept.get(name)
        assert order is not None
        assert (name in off) == (order.lines["bread"].back == 1)
