"""Who is held out: drawn once, by visitor or session, and kept and published for good."""

from typing import Any

import pytest

from streams.contract.published.outcomes import Assigned, Ordered, Returned, UnitOutcome, Unmatched
from streams.contract.settings import Settings
from streams.shop.memory.answer import Silence
from streams.shop.memory.sessions import session_of
from streams.shop.people.assignment import Assignment, Experiment, held_out
from streams.shop.people.context import told_context
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

HALF: dict[str, Any] = {"holdout_share": 0.5}


def till(**settings: Any) -> Till:
    """A shop that knows something to say, and holds half of all out."""
    shop = Till(**{**HALF, **settings})
    shop.teach("bread", "butter")
    return shop


def stories(held: bool, number: int, **always: Any) -> list[Story]:
    """Sessions that are held out, or that are not."""
    ids = (f"s{n}" for n in range(1000))
    chosen = [who for who in ids if held_out(who, share=0.5, salt="goeswith") == held]
    return [Story(who, **always) for who in chosen[:number]]


def silent(shop: Till, *events: Any) -> set[bool]:
    """Whether these were silenced by the holdout."""
    return {shop.serve(event).silence == Silence("holdout") for event in events}


def unit_outcomes(shop: Till, *events: Any) -> list[UnitOutcome]:
    """What is published of units because of these events."""
    return [record for event in events for record in shop.serve(event).unit_outcomes]


@pytest.mark.parametrize("held", [True, False])
def test_signing_in_changes_no_side(held: bool) -> None:
    """At the checkout, or before the next view: the session had been assigned by then."""
    shop = till()
    for number, story in enumerate(stories(held, 20)):
        first = story.view("bread")
        then = story.view("butter", shopper_id=f"shopper-{number}")

        assert {held} == silent(shop, first, then)


@pytest.mark.parametrize("held", [True, False])
def test_a_shopper_without_consent_is_on_the_side_of_the_session(held: bool) -> None:
    """Whoever reads outcomes sees the side that the worker has drawn."""
    shop = till()
    for number, story in enumerate(stories(held, 20)):
        event = story.view("bread", shopper_id=f"shopper-{number}", consent=False)
        answer = shop.serve(event)
        (assigned,) = answer.unit_outcomes

        assert isinstance(assigned, Assigned)
        assert held == assigned.holdout == (answer.silence == Silence("holdout"))
        assert assigned.shopper is None


@pytest.mark.parametrize("held", [True, False])
def test_a_pause_and_the_loss_of_the_shopper_change_no_side(held: bool) -> None:
    """The next visit of a session id is of the same unit."""
    shop = till(lateness_s=1e6)
    for number, story in enumerate(stories(held, 20)):
        first = story.view("bread", shopper_id=f"shopper-{number}")
        then = story.view("jam", after_s=31 * 60)

        assert {held} == silent(shop, first, then)


def test_a_new_share_is_a_new_experiment_for_new_sessions_alone() -> None:
    """Sessions keep their side, also over a checkpoint; the new ones are of another experiment."""
    shop = till(holdout_share=0.05)
    old = [Story(f"old-{number}") for number in range(200)]
    before = {story.session_id: silent(shop, story.view("bread")) for story in old}
    first = {shop.shop.sessions[0].find(story.session_id).assignment.experiment for story in old}  # type: ignore[union-attr]
    reopened = Till(holdout_share=0.2)
    reopened.shop.sessions = shop.shop.sessions
    reopened.shop.position = shop.shop.position
    after = {story.session_id: silent(reopened, story.view("jam", after_s=60)) for story in old}
    records = unit_outcomes(reopened, *(Story(f"new-{n}").view("bread") for n in range(400)))

    assert before == after
    assert all(isinstance(record, Assigned) for record in records)
    assert first.isdisjoint({record.experiment for record in records})  # type: ignore[union-attr]
    assert {0.2} == {record.share for record in records}  # type: ignore[union-attr]
    assert 40 < sum(record.holdout for record in records) < 120  # type: ignore[union-attr]


def test_sessions_of_one_visitor_are_on_one_side() -> None:
    """Whatever their ids, and whoever signs in."""
    shop = till()
    for visitor in range(20):
        story = [Story(f"s{visitor}-{n}", visitor_id=f"visitor-{visitor}") for n in range(5)]
        records = unit_outcomes(shop, *(one.view("bread") for one in story))

        assert 1 == len({(record.unit, record.holdout) for record in records})  # type: ignore[union-attr]


def test_an_assignment_is_published_once_by_the_event_that_asked_first() -> None:
    """A redelivered event tells it again, other events do not."""
    shop, story = till(), Story("s1")
    asked = story.view("bread")
    offset = shop.shop.position[0]
    (told,) = unit_outcomes(shop, asked)
    later = unit_outcomes(shop, story.view("butter"), story.add("jam"))

    assert isinstance(told, Assigned)
    assert (told.session_id, told.caused_by, told.share) == ("s1", asked.event_id, 0.5)
    assert told.holdout == held_out("s1", share=0.5, salt="goeswith")
    assert [] == later
    assert (told,) == shop.ask(asked, offset).unit_outcomes


def test_no_outcome_names_visitor_or_shopper() -> None:
    """Outcomes are kept for longer than events."""
    shop, story = till(), Story("s1", shopper_id="ann", visitor_id="device", consent=True)
    records = unit_outcomes(shop, story.view("bread"), story.order("bread"))
    said = b"".join(record.to_json() for record in records)

    assert b"ann" not in said
    assert b"device" not in said
    assert [1, 1] == [len({record.shopper}) for record in records]  # type: ignore[union-attr]
    assert records[0].shopper == records[1].shopper is not None  # type: ignore[union-attr]


def test_nobody_is_assigned_where_nobody_is_held_out() -> None:
    """Nor before the experiment starts."""
    never = unit_outcomes(Till(holdout_share=0.0), Story("s1").view("bread"))
    shop, story = Till(**HALF, experiment_start_s=NOON_MS / 1000 + 60), Story("s1")
    early, late = story.view("bread"), story.view("bread", after_s=60)

    assert [] == never == unit_outcomes(shop, early)
    assert ["assigned"] == [record.type for record in unit_outcomes(shop, late)]


def test_orders_and_returns_of_an_assigned_session_are_outcomes() -> None:
    """With what they are worth, held out or not; an order once by its number."""
    for held in (True, False):
        shop, (story,) = till(), stories(held, 1)
        shop.serve(story.view("bread"))
        order = story.order("bread", "butter", "bread", currency="EUR")
        lines = tuple(line.model_copy(update={"price_minor": 250}) for line in order.lines)
        order = order.model_copy(update={"lines": lines})
        again = order.model_copy(update={"event_id": "told again"})
        first, *repeats = unit_outcomes(shop, order, again)
        (back,) = unit_outcomes(shop, story.send_back("bread"))

        assert isinstance(first, Ordered)
        assert [] == repeats
        assert (held, 2, 3, 750, "EUR") == (
            *(first.holdout, first.items, first.quantity, first.value_minor, first.currency),
        )
        assert isinstance(back, Returned)
        assert (first.unit, -1, order.order_id) == (back.unit, back.quantity, back.order_id)


def test_an_order_tells_what_it_earns_where_its_lines_do() -> None:
    """Lines of one item together, below nothing where they lose; nothing where none tells it."""
    shop, story = till(), Story("s1")
    shop.serve(story.view("bread"))
    order = story.order("bread", "butter", "bread", "jam")
    margins = (80, -20, 100, None)
    lines = tuple(
        line.model_copy(update={"margin_minor": margin, "quantity": 2})
        for line, margin in zip(order.lines, margins, strict=True)
    )
    (told,) = unit_outcomes(shop, order.model_copy(update={"lines": lines}))
    (silent,) = unit_outcomes(shop, story.order("tea"))

    assert isinstance(told, Ordered)
    assert isinstance(silent, Ordered)
    assert [360, -40, None] == [line.margin_minor for line in told.lines]
    assert (320, None) == (told.margin_minor, silent.margin_minor)


def test_an_assignment_tells_where_it_was_and_of_which_segment() -> None:
    """By the event's own word: a listed segment, or who names a shopper and consents."""
    ann: dict[str, Any] = {"shopper_id": "ann", "consent": True}
    asked = [
        Story("a").view("bread"),
        Story("b").add("bread"),
        Story("c", segment="club").view("bread"),
        Story("d", segment="unheard of", **ann).add("bread"),
        Story("e", **ann | {"consent": False}).view("bread"),
    ]
    records = unit_outcomes(till(segments="club,trade"), *asked)

    assert [
        *("product_page/new", "basket/new", "product_page/club", "basket/known"),
        "product_page/new",
    ] == [record.context for record in records]  # type: ignore[union-attr]


def test_an_assignment_tells_what_was_ordered_before_it_and_nothing_after() -> None:
    """Orders from before the experiment's start; also when the shop is ahead, or restored."""
    shop, story = till(experiment_start_s=NOON_MS / 1000 + 60), Story("s1")
    for number in range(2):
        shop.serve(story.order("bread", order_id=f"o-{number}"))
    asked = story.view("bread", after_s=60)
    offset = shop.shop.position[0]
    (told,) = unit_outcomes(shop, asked)
    shop.serve(story.order("bread", order_id="o-2"))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    (restored,) = [session_of(session.state()).assignment]

    assert 2 == told.orders_before  # type: ignore[union-attr]
    assert (told,) == shop.ask(asked, offset).unit_outcomes
    assert restored == session.assignment
    assert restored is not None
    assert 2 == restored.orders_before


def test_an_assignment_from_before_such_orders_were_counted_is_read() -> None:
    """Of a checkpoint of an earlier version; a number that is none is refused."""
    shop, story = till(), Story("s1")
    shop.serve(story.view("bread"))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    assert session.assignment is not None
    state = list(session.assignment)

    assert session.assignment == Assignment.from_state(state[:-1])
    with pytest.raises(ValueError, match="not the fields"):
        Assignment.from_state([*state[:-1], -1])


def test_what_comes_back_of_an_unknown_order_is_unmatched() -> None:
    """It was ordered in another session, or before the log begins."""
    shop, story = till(), Story("s1")
    shop.serve(story.view("bread"))
    (back,) = unit_outcomes(shop, story.send_back("butter"))
    (off,) = unit_outcomes(shop, Story("back-office").cancel())

    assert isinstance(back, Unmatched)
    assert ("o-s1-1", -1) == (back.order_id, back.quantity)
    assert isinstance(off, Unmatched)
    assert ("o-back-office-1", ()) == (off.order_id, off.lines)


def test_what_was_ordered_before_the_session_was_assigned_is_no_outcome() -> None:
    """Also when the shop is ahead of the event that is answered."""
    shop, story = till(), Story("s1")
    order, view = story.order("bread"), story.view("butter")
    offset = shop.shop.position[0]
    shop.shop.learn(0, offset, order)
    shop.shop.learn(0, offset + 1, view)

    assert () == shop.ask(order, offset).unit_outcomes
    assert 1 == len(shop.ask(view, offset + 1).unit_outcomes)


def test_an_assignment_survives_a_checkpoint() -> None:
    """As part of the session; a session of before has none, and is assigned when it asks."""
    shop = till()
    shop.serve(Story("s1").view("bread"))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    state = session.state()
    older = [*state[:13], 3, *state[14:21]]

    assert session_of(state).assignment == session.assignment is not None
    assert session_of(older).assignment is None
    with pytest.raises(ValueError, match="fields of an assignment"):
        session_of([*state[:21], ["holdout", 0.5, "unit", "no", "e1", 1, 1], state[22]])


def test_settings_alone_and_the_log_decide_who_is_assigned() -> None:
    """Two workers with other secrets fold the same."""
    shops = [Shop(Settings(**{**OPEN, **HALF, "receipt_secret": name})) for name in ("one", "two")]
    for shop in shops:
        for number in range(20):
            shop.learn(0, number, Story(f"s{number}").view("bread"))

    assert shops[0].digest() == shops[1].digest()
    assert shops[0].experiment == Experiment("holdout", 0.5, "goeswith")


@pytest.mark.parametrize(("early_ms", "assigned"), [(1, False), (0, True)])
def test_an_experiment_begins_with_its_first_millisecond(early_ms: int, assigned: bool) -> None:
    """What asked before it is assigned by what it asks later."""
    experiment = Experiment("spring", 0.5, "salt", start_ms=NOON_MS)
    event = Story(start_ms=NOON_MS - early_ms).view("bread", after_s=0)

    assert assigned == (experiment.assigned(event, 7) is not None)


def test_each_shopper_has_a_name_of_their_own_and_only_with_consent() -> None:
    """Another one in another experiment; nobody has none."""
    spring, autumn = (Experiment(name, 0.5, "salt") for name in ("spring", "autumn"))
    ann, bob = (Story(shopper_id=who).view("bread") for who in ("ann", "bob"))
    names = {of.named(event) for of in (spring, autumn) for event in (ann, bob)}

    assert 4 == len(names - {None})
    assert spring.named(ann) == spring.named(Story("s2", shopper_id="ann").add("jam"))
    for said in ({"consent": True}, {"shopper_id": "ann", "consent": False}, {}):
        assert spring.named(Story().view("bread", **said)) is None
    assert spring.named(Story().view("bread", shopper_id="ann", consent=None)) is None


def test_who_consents_and_says_no_name_is_new() -> None:
    """Known is who names a shopper and consents, by the event's own word."""
    story = Story()
    said: list[dict[str, Any]] = [
        {"shopper_id": "ann", "consent": True},
        {"shopper_id": None, "consent": True},
        {"shopper_id": "ann", "consent": None},
    ]

    assert ["known", "new", "new"] == [
        told_context(story.view("bread", **each), frozenset()).partition("/")[2] for each in said
    ]
