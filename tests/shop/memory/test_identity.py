"""Who is signed in: whose history an event may use, and whose it adds to."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, decode, encode
from streams.contract.settings import Settings
from tests.stories import OPEN, Story, Till

ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}
BOB: dict[str, Any] = {"shopper_id": "bob", "consent": True}
UNSAID: dict[str, Any] = {"schema_version": 2, "consent": True}
SIGNED_OUT: dict[str, Any] = {"schema_version": 2, "shopper_id": None, "consent": True}


def sent(event: Event, **settings: Any) -> Event:
    """The event as a worker reads it from the log."""
    key, at_ms = event.session_id.encode(), event.occurred_at_ms
    chosen = Settings(**{**OPEN, **settings})
    return decode(key, encode(event), timestamp_ms=at_ms, settings=chosen)


def coffee_drinker(**settings: Any) -> Till:
    """A shop in which ann has bought coffee again and again, weeks ago."""
    till = Till(together_min=100, **settings)
    for number in range(5):
        past = Story(f"past-{number}", start_ms=1_764_000_000_000 + number, **ANN)
        till.serve(past.order("coffee"))
    return till


def arms(till: Till, event: Event) -> set[str]:
    """What could be offered in answer to an event."""
    prompt = till.serve(sent(event)).prompt
    return {*prompt.propensities} if prompt is not None else set()


@pytest.mark.parametrize(
    ("now", "hers"),
    [
        (ANN, True),
        (UNSAID, True),
        (SIGNED_OUT, False),
        ({"consent": True}, False),  # version 1 has no word for "as it was"
        (BOB, False),
        ({"shopper_id": "Guest", "consent": True}, False),
        ({"schema_version": 2, "shopper_id": "0", "consent": True}, False),
        ({**ANN, "consent": None}, False),
        ({**ANN, "consent": False}, False),
    ],
)
def test_only_who_is_signed_in_is_offered_what_they_buy_again(
    now: dict[str, Any], hers: bool
) -> None:
    """In the session in which ann was signed in a second before."""
    till, story = coffee_drinker(), Story()

    assert "buy_again" in arms(till, story.view("bread", **ANN))
    assert hers == ("buy_again" in arms(till, story.view("jam", **now)))


@pytest.mark.parametrize(("now", "context"), [(UNSAID, "known"), (SIGNED_OUT, "new")])
def test_the_context_says_who_is_there_now(now: dict[str, Any], context: str) -> None:
    """Nobody is no known shopper."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    till.serve(sent(story.view("tea", **ANN)))

    assert f"product_page/{context}" == till.prompt(sent(story.view("bread", **now))).context


def test_what_one_shopper_bought_may_be_offered_to_the_next() -> None:
    """On the same device, a minute later: not to offer it would tell what she bought."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    till.serve(story.add("butter", **ANN))
    till.serve(story.order("butter", **ANN))
    hers = till.serve(story.view("bread", **ANN)).prompt
    his = till.serve(story.view("bread", **BOB)).prompt

    assert hers is None or "butter" not in {item.item_id for item in hers.items}
    assert his is not None
    assert "butter" in {item.item_id for item in his.items}


def test_what_nobody_bought_is_not_offered_to_who_signs_in_then() -> None:
    """It is most likely the same person."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    till.serve(story.order("butter"))

    assert till.serve(story.view("bread", **ANN)).prompt is None


@pytest.mark.parametrize("guest", ["0", "GUEST ", " ", "[object Object]", f"{uuid.UUID(int=0)}"])
def test_guests_of_one_number_share_no_history(guest: str) -> None:
    """A shop that calls all of its guests "0" has no shopper of that name."""
    till = Till(together_min=100)
    as_told = {"shopper_id": guest}  # by whoever sends: no event of ours is made of blanks alone
    for number in range(3):
        order = Story(f"s{number}").order("coffee")
        till.serve(sent(order.model_copy(update=as_told)))

    assert not till.shop.learned.repeats.known()
    view = Story("new").view("bread").model_copy(update=as_told)
    assert "buy_again" not in arms(till, sent(view))


def test_a_late_event_signs_nobody_out() -> None:
    """It says who was there before somebody signed in."""
    till, story = coffee_drinker(), Story()
    before = sent(story.view("bread", **SIGNED_OUT))
    till.serve(sent(story.view("jam", **ANN)))
    till.serve(before)

    assert "buy_again" in arms(till, story.view("tea", **UNSAID))


def test_an_answer_that_comes_late_uses_nothing_of_who_signed_in_since() -> None:
    """Somebody else has folded ahead: ann's event is answered when bob is signed in."""
    till, story = coffee_drinker(), Story()
    hers = story.view("bread", **ANN)
    till.serve(hers)
    offset = till.shop.position[0] - 1
    till.serve(story.view("jam", **BOB))
    prompt = till.shop.answer(hers, 0, offset, till.pending).prompt

    assert prompt is None or "buy_again" not in prompt.propensities


def test_a_snapshot_moves_the_basket_to_the_session_after_sign_in() -> None:
    """What is in it is not offered, and what an order left out of it is not taken twice."""
    till, before = Till(), Story("before")
    till.teach("bread", "butter")
    till.serve(before.add("bread"))
    till.serve(before.add("butter"))
    after = Story("after", start_ms=before.now_ms, **ANN)
    till.serve(after.set_basket("bread", "butter"))

    session = till.shop.sessions[0].find("after")
    assert session is not None
    assert {"bread": 1, "butter": 1} == session.basket
    assert till.serve(after.view("bread")).prompt is None
    till.serve(after.set_basket())
    assert {} == session.basket


def test_who_leaves_the_checkout_may_be_spoken_to() -> None:
    """Nothing is offered from the checkout on, until it is left."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    till.serve(story.check_out())
    assert till.serve(story.view("bread")).prompt is None

    till.serve(story.leave_checkout())
    assert till.serve(story.view("bread")).prompt is not None


SAID = st.sampled_from(
    [
        {"schema_version": version, **who, **({} if consent is None else {"consent": consent})}
        for version in (1, 2)
        for who in ({}, {"shopper_id": None}, {"shopper_id": "ann"}, {"shopper_id": "bob"})
        for consent in (None, True, False)
    ]
)


class Reception:
    """Who is there, as a doorman would write it down: a plain twin, written apart."""

    def __init__(self) -> None:
        self.there: str | None = None
        self.since_s = 0
        self.denied_s: dict[str, int] = {}

    def sees(self, said: dict[str, Any], now_s: int) -> str | None:
        """Whose history this event may use, where events that do not say give no consent."""
        consent, named = said.get("consent"), said.get("shopper_id")
        speaks = said["schema_version"] == 1 or "shopper_id" in said
        if consent is False:
            who = named if speaks else self.there
            if who is not None:
                self.denied_s[who] = now_s
        if speaks:
            self.there, self.since_s = (named if consent else None), now_s
        if consent and self.there and self.since_s > self.denied_s.get(self.there, 0):
            return self.there
        return None


@given(st.lists(SAID, max_size=12))
def test_a_plain_twin_agrees_who_is_signed_in(log: list[dict[str, Any]]) -> None:
    """Whatever is said, in whichever version."""
    till, story, twin = Till(), Story(), Reception()
    for said in log:
        told = sent(story.view("bread", **{"consent": None, **said}))
        expected = twin.sees(said, story.now_ms // 1000)
        till.serve(told)
        session = till.shop.sessions[0].find("s1")
        assert session is not None
        assert expected == session.shopper_id
