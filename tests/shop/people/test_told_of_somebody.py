"""What names somebody who need not be there: returns, cancellations, who is to be forgotten."""

from typing import Any

import pytest

from streams.contract.events import Event
from streams.lab.chaos.twin.twin import Twin
from streams.shop.people.denials import hashed
from tests.stories import NOON_MS, Story, Till, received

DAY_S = 86_400
ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}
BOB: dict[str, Any] = {"shopper_id": "bob", "consent": True}
GOES_ON: dict[str, Any] = {"schema_version": 2, "consent": True}
NOBODY: dict[str, Any] = {"schema_version": 2, "shopper_id": None, "consent": True}
BEHIND = ["cancelled", "returned", "forgotten"]


def shop() -> Till:
    """A shop in which ann buys a kettle again and again, and bob tea."""
    till = Till(together_min=100)
    for number in range(3):
        for who, item in (("ann", "kettle"), ("bob", "tea")):
            past = Story(f"{who}-{number}", start_ms=NOON_MS - 1000 * DAY_S * (number + 2))
            till.serve(past.order(item, shopper_id=who, consent=True))
    return till


def told(story: Story, kind: str, **said: Any) -> Event:
    """What a server tells of somebody, in whichever session."""
    if kind == "forgotten":
        return story.forget(said.pop("shopper_id"), **said)
    return story.cancel(**said) if kind == "cancelled" else story.send_back("pan", **said)


def whose(till: Till, event: Event) -> str | None:
    """Whose history is used for the answer to an event, as a worker reads it."""
    prompt = till.serve(received(event)).prompt
    session = till.shop.sessions[0].find(event.session_id)
    assert prompt is not None
    assert session is not None
    assert (session.shopper_id is not None) == ("buy_again" in prompt.propensities)
    return session.shopper_id


@pytest.mark.parametrize("kind", ["cancelled", "returned"])
def test_what_comes_back_signs_nobody_in(kind: str) -> None:
    """A server tells it when its shopper has signed out; the next at the device is nobody."""
    till, story = shop(), Story(schema_version=2)
    hers = whose(till, story.view("pan", **ANN))
    till.serve(received(story.order("pan", **ANN)))
    out = whose(till, story.view("pan", **NOBODY))
    till.serve(received(told(story, kind, **ANN)))

    assert "ann" == hers
    assert None is out is whose(till, story.view("cup", **GOES_ON))


@pytest.mark.parametrize("consent", [True, None, False])
@pytest.mark.parametrize("kind", BEHIND)
def test_whoever_is_signed_in_stays_while_something_is_told_of_another(
    kind: str, consent: bool | None
) -> None:
    """His prompts stand, and his history is used; hers is not."""
    till, story = shop(), Story(schema_version=2)
    till.serve(received(story.order("pan", **ANN)))
    his = whose(till, story.view("cup", **BOB))
    answer = till.serve(received(told(story, kind, shopper_id="ann", consent=consent)))

    assert () == answer.withdrawals
    assert "bob" == his == whose(till, story.view("bowl", **GOES_ON))


@pytest.mark.parametrize("kind", BEHIND)
def test_of_whom_it_is_told_it_is_denied(kind: str) -> None:
    """With consent false, or forgotten: what was kept of her is gone, and nothing of his."""
    till, story = shop(), Story(schema_version=2)
    till.serve(received(story.view("cup", **BOB)))
    till.serve(received(told(story, kind, shopper_id="ann", consent=False)))

    assert {hashed("ann")} == {*till.shop.identity.denials.at_s}
    assert None is whose(till, Story("s2", schema_version=2).view("cup", **ANN))


@pytest.mark.parametrize("kind", BEHIND)
def test_who_denies_by_it_and_is_there_is_signed_out(kind: str) -> None:
    """And what was said to her is taken back."""
    till, story = shop(), Story(schema_version=2)
    prompt = till.prompt(received(story.view("cup", **ANN)))
    answer = till.serve(received(told(story, kind, shopper_id="ann", consent=False)))

    assert [(prompt.prompt_id, "consent")] == [(w.prompt_id, w.because) for w in answer.withdrawals]
    assert None is whose(till, story.view("bowl", **GOES_ON))


@pytest.mark.parametrize("kind", ["cancelled", "returned"])
def test_what_comes_back_says_nothing_of_the_consent_of_who_is_there(kind: str) -> None:
    """A yes that a server copies from the order undoes no no of the page."""
    till, story = Till(consent_default=True), Story(schema_version=2)
    till.serve(received(story.view("pan", consent=False)))
    till.serve(received(told(story, kind, **ANN)))
    session = till.shop.sessions[0].find("s1")

    assert session is not None
    assert session.refused_consent


def test_what_comes_back_is_taken_from_the_order_of_whoever_is_there() -> None:
    """Her order is no more, whoever has signed in since."""
    till, story = shop(), Story(schema_version=2)
    till.serve(received(story.order("pan", **ANN)))
    till.serve(received(story.view("cup", **BOB)))
    before = {*till.shop.learned.repeats.bought_since("ann", 0)}
    till.serve(received(story.cancel(**ANN)))

    assert "pan" in before
    assert "pan" not in till.shop.learned.repeats.bought_since("ann", 0)


@pytest.mark.parametrize("leaves", [BOB, NOBODY], ids=["another-comes", "signs-out"])
def test_an_order_of_before_signs_nobody_in_again(leaves: dict[str, Any]) -> None:
    """A server tells it when its shopper has left."""
    till, story = shop(), Story(schema_version=2)
    till.serve(received(story.view("pan", **ANN)))
    order = story.order("pan", **ANN)
    now = whose(till, story.view("cup", **leaves))
    till.serve(received(order, delay_s=1))

    assert now == whose(till, story.view("bowl", **GOES_ON))
    assert "pan" in till.shop.learned.repeats.bought_since("ann", 0)


def test_an_order_of_an_earlier_visit_signs_nobody_in_to_this_one() -> None:
    """Nobody has said who is there by now; the order is hers all the same."""
    till, story = shop(), Story(schema_version=2)
    till.serve(received(story.view("pan", **ANN)))
    order = story.order("pan", **ANN)
    till.serve(received(story.view("cup", after_s=DAY_S, **GOES_ON)))
    till.serve(received(order, delay_s=DAY_S))

    assert None is whose(till, story.view("bowl", **GOES_ON))
    assert "pan" in till.shop.learned.repeats.bought_since("ann", 0)


@pytest.mark.parametrize("kind", BEHIND[:2])
def test_what_is_told_in_a_new_session_does_not_go_on_from_hers(kind: str) -> None:
    """Of the same visitor: nobody is signed in there, and nothing that she did speaks there."""
    till, story = shop(), Story(schema_version=2, visitor_id="v")
    till.serve(received(story.add("pan", **ANN)))
    server = Story("server", start_ms=story.now_ms, schema_version=2, visitor_id="v")
    till.serve(received(told(server, kind, order_id="o-s1-1", **ANN)))
    session = till.shop.sessions[0].find("s1")

    assert session is not None
    assert {"pan": 1} == session.basket
    assert None is whose(till, server.view("bowl", **GOES_ON))
    assert "ann" == whose(till, story.view("bowl", **ANN))


@pytest.mark.parametrize("who", [ANN, BOB])
@pytest.mark.parametrize("kind", BEHIND)
def test_what_is_told_in_a_session_of_its_own_keeps_the_basket_from_nobody(
    kind: str, who: dict[str, Any]
) -> None:
    """A server's, between two of the visitor's: the second goes on from the first."""
    till, story = shop(), Story(schema_version=2, visitor_id="v")
    till.serve(received(story.add("pan", **ANN)))
    till.serve(received(story.add("cup", **ANN)))
    server = Story("server", start_ms=story.now_ms, schema_version=2, visitor_id="v")
    till.serve(
        received(
            told(server, kind, **who, order_id="o-9")
            if kind != "forgotten"
            else server.forget("bob")
        )
    )
    later = Story("s2", start_ms=server.now_ms, schema_version=2, visitor_id="v")
    till.serve(received(later.view("jam", **ANN)))
    session = till.shop.sessions[0].find("s2")

    assert session is not None
    assert {"pan": 1, "cup": 1} == session.basket
    assert {"s2": session.basket} == beside(till)


@pytest.mark.parametrize("kind", BEHIND[:2])
def test_what_is_told_in_a_session_that_was_left_leaves_the_trail_where_it_is(kind: str) -> None:
    """The visitor has signed in since, under another id; a server knows the first one."""
    till, story = shop(), Story(schema_version=2, visitor_id="v")
    till.serve(received(story.add("pan", **NOBODY)))
    hers = Story("s2", start_ms=story.now_ms, schema_version=2, visitor_id="v")
    till.serve(received(hers.add("cup", **ANN)))
    till.serve(received(told(story, kind, after_s=9, order_id="o-9", **BOB)))
    later = Story("s3", start_ms=story.now_ms, schema_version=2, visitor_id="v")
    till.serve(received(later.view("jam", **ANN)))
    session = till.shop.sessions[0].find("s3")

    assert session is not None
    assert {"pan": 1, "cup": 1} == session.basket
    assert {"s3": session.basket} == beside(till)


@pytest.mark.parametrize("who", [ANN, BOB, NOBODY])
@pytest.mark.parametrize("kind", BEHIND[:2])
def test_what_is_told_after_a_pause_sends_nobody_away(kind: str, who: dict[str, Any]) -> None:
    """She comes back a minute later, and finds what is hers; another one finds nothing of hers."""
    for back, basket in ((ANN, ["pan"]), (BOB, [])):
        till, story = shop(), Story(schema_version=2)
        till.serve(received(story.add("pan", **ANN)))
        till.serve(received(story.view("cup", **ANN)))
        till.serve(received(told(story, kind, after_s=3_600, order_id="o-9", **who)))
        till.serve(received(story.view("bowl", after_s=60, **back)))
        session = till.shop.sessions[0].find("s1")

        assert session is not None
        assert basket == session.own_basket
        assert bool(basket) == (0 == session.parted_ms)
        assert ["bowl"] == session.viewed


@pytest.mark.parametrize("kind", BEHIND[:2])
@pytest.mark.parametrize("says", [{}, {"shopper_id": None}, {"schema_version": 1}])
def test_a_refund_without_a_name_denies_nobody(kind: str, says: dict[str, Any]) -> None:
    """A back office that always says no: who is there stays, and is remembered."""
    till, story = shop(), Story(schema_version=2)
    hers = whose(till, story.view("cup", **ANN))
    till.serve(received(told(story, kind, **{"consent": False, **says})))

    assert {} == till.shop.identity.denials.at_s
    assert "ann" == hers == whose(till, story.view("bowl", **GOES_ON))


@pytest.mark.parametrize("kind", ["view", "add"])
def test_what_comes_late_from_an_earlier_visit_signs_nobody_in(kind: str) -> None:
    """Two hours later nobody says who is there; what begins a visit and comes second does."""
    till, story = shop(), Story(schema_version=2)
    till.serve(received(story.view("pan", **ANN)))
    late = getattr(story, kind)("cup", **ANN)
    till.serve(received(story.view("cup", after_s=7_200, **GOES_ON)))
    till.serve(received(late, delay_s=7_200))
    nobody = whose(till, story.view("bowl", **GOES_ON))
    till.serve(received(story.view("cup", after_s=7_200, **GOES_ON)))
    till.serve(received(story.view("pan", after_s=-1, **ANN)))

    assert None is nobody
    assert "ann" == whose(till, story.view("bowl", **GOES_ON))


def beside(till: Till) -> dict[str, dict[str, int]]:
    """The baskets as a plain twin has them."""
    twin = Twin(till.shop.settings)
    for event in till.served:
        twin.see(0, event)
    return {name: dict(basket) for name, basket in twin.ledger().baskets.items()}
