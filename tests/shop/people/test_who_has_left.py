"""Nothing of somebody who has left speaks for prompts to whoever is there then."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.published.prompts import Prompt
from streams.shop.memory.answer import Silence
from streams.shop.memory.session import Session
from streams.shop.memory.sessions import session_of
from tests.stories import NOON_MS, Story, Till

ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}
BOB: dict[str, Any] = {"shopper_id": "bob", "consent": True}
NOBODY: dict[str, Any] = {"shopper_id": None}
KIT = "testkit"


def till(**settings: Any) -> Till:
    """A shop in which vitamins go with a test kit, bought or viewed, and milk goes with tea."""
    shop = Till(**settings)
    for pair in ((KIT, "vitamins"), ("tea", "milk")):
        shop.teach(*pair)
    for number in range(40):
        past = Story(f"looks-{number}", start_ms=NOON_MS - 9 * 86_400_000)
        for item in (KIT, "vitamins"):
            shop.serve(past.view(item))
    return shop


def session(shop: Till) -> Session:
    """The story's session."""
    found = shop.shop.sessions[0].find("s1")
    assert found is not None
    return found


def tells(prompt: Prompt | None) -> bool:
    """Whether a prompt says anything of the test kit, or leans on it."""
    return prompt is not None and (
        KIT in (prompt.anchor, prompt.reason.anchor, *(i.evidence.anchor for i in prompt.items))
        or KIT in prompt.reason.text
        or not {*prompt.propensities} <= {"popular"}
    )


def visit(shop: Till, *events: Event) -> None:
    """Serve these."""
    for event in events:
        shop.serve(event)


@pytest.mark.parametrize("way", ["add", "view"])
@pytest.mark.parametrize("then", [NOBODY, BOB])
@pytest.mark.parametrize("version", [1, 2])
def test_what_somebody_took_or_viewed_speaks_for_no_prompt_after_they_left(
    way: str, then: dict[str, Any], version: int
) -> None:
    """Neither anchor nor evidence nor reason, forty events long; the basket stays as it is."""
    shop, story = till(), Story(schema_version=version)
    visit(shop, getattr(story, way)(KIT, **ANN), story.view("x", **then))
    prompts = [shop.serve(story.view(f"q{number}", **then)).prompt for number in range(40)]

    assert any(prompts)
    assert not any(map(tells, prompts))
    assert ({KIT: 1} if way == "add" else {}) == session(shop).basket


def test_while_somebody_is_there_what_they_took_speaks() -> None:
    """The same story without a sign-out."""
    shop, story = till(), Story(schema_version=2)
    visit(shop, story.add(KIT, **ANN))

    assert tells(shop.serve(story.view("q", **ANN)).prompt)


def test_what_the_next_one_adds_speaks_for_prompts_to_them() -> None:
    """The same item, too, and beside it nothing of the one before."""
    shop, story = till(), Story(schema_version=2)
    visit(shop, story.add(KIT, **ANN), story.view("x", **NOBODY), story.add("tea"))
    assert ["tea"] == session(shop).own_basket

    visit(shop, story.add(KIT))
    assert [KIT, "tea"] == session(shop).own_basket


def test_a_pause_is_no_sign_in_of_who_was_there() -> None:
    """The next visit is hers if it names her, else what she took speaks for nothing."""
    for then, hers in ((ANN, True), (NOBODY, False), (BOB, False), ({}, False)):
        shop, story = till(), Story(schema_version=2)
        visit(shop, story.add(KIT, **ANN))
        assert hers == tells(shop.serve(story.view("q", after_s=3600, **then)).prompt)


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_what_comes_late_of_who_has_left_is_not_used_and_not_answered(
    order: tuple[int, ...],
) -> None:
    """Whichever of her events, and of the next one's, the broker gets first."""
    shop, story = till(), Story(schema_version=2)
    events: list[Event] = [
        story.add(KIT, **ANN),
        story.view(KIT, **ANN),
        story.view("x", **BOB, after_s=10),
        story.view("y", **BOB),
    ]
    seen_bob = False
    for number in order:
        answer = shop.serve(events[number])
        seen_bob = seen_bob or number > 1
        if number < 2 and seen_bob:
            assert Silence("late") == answer.silence
    assert not tells(shop.serve(story.view("q", **BOB)).prompt)


def test_what_the_one_before_sent_away_or_put_back_is_no_reason_not_to_offer_it() -> None:
    """Not to offer it would tell what they did."""
    shop, story = till(), Story(schema_version=2)
    prompt = shop.prompt(story.add("tea", **ANN))
    assert "milk" in {item.item_id for item in prompt.items}
    visit(shop, story.see(prompt), story.dismiss(prompt))
    visit(shop, story.add("milk", **ANN), story.remove("milk"), story.view("x", **NOBODY))
    his = shop.prompt(story.view("tea", **BOB))

    assert "milk" in {item.item_id for item in his.items}


@pytest.mark.parametrize("consent", [True, None])
def test_a_sign_out_that_overtakes_the_sign_in_is_noted(consent: bool | None) -> None:
    """Her view of before it comes later: the next event, which does not say, is nobody's."""
    shop, story = till(), Story(schema_version=2)
    past = Story("past", start_ms=NOON_MS - 9 * 86_400_000, **ANN)
    visit(shop, past.order("kettle"), past.order("kettle"))
    out = story.view("x", shopper_id=None, consent=consent, after_s=10)
    hers = story.view(KIT, **ANN, after_s=-2)
    visit(shop, out, hers)
    answer = shop.serve(story.view("z", consent=True, after_s=5))

    assert answer.prompt is not None
    assert ("product_page/new", {"popular"}) == (
        answer.prompt.context,
        {*answer.prompt.propensities},
    )
    assert session(shop).shopper_id is None


WORDS = st.lists(
    st.tuples(st.sampled_from([True, False]), st.integers(0, 9)), min_size=1, max_size=6
)


@given(WORDS, st.data())
def test_the_latest_word_on_consent_counts_in_whatever_order_they_come(
    words: list[tuple[bool, int]], data: st.DataObject
) -> None:
    """Where consent is supposed; of two words at once the refusal."""
    shop, story = Till(consent_default=True), Story(schema_version=2)
    events: list[Event] = [
        story.view("x", consent=word, occurred_at_ms=NOON_MS + at_s * 1000) for word, at_s in words
    ]
    visit(shop, *data.draw(st.permutations(events)))
    last_s = max(at_s for _, at_s in words)
    refused = (False, last_s) in words
    visit(shop, story.order("kettle", shopper_id="ann", consent=None, after_s=60))

    assert refused == session(shop).refused_consent
    assert (set() if refused else {"kettle"}) == shop.shop.learned.repeats.bought_since("ann", 0)


def test_who_has_left_and_when_outlives_a_restart() -> None:
    """And a session in which nobody has left has no such times."""
    shop, story = till(consent_default=True), Story(schema_version=2)
    visit(shop, story.add("tea", shopper_id="ann", consent=None))
    assert (0, 0, 0) == session(shop).moments[:3]
    visit(shop, story.add(KIT, **ANN), story.view("x", **NOBODY, consent=True))

    again = session_of(session(shop).state())
    assert again.moments == session(shop).moments
    assert (["tea", KIT], story.now_ms) == (list(again.moments.anothers), again.consent_ms)
    assert again.state() == session(shop).state()
