"""One visitor, several sessions: what follows into the next one, and what does not."""

import json
from typing import Any

import pytest

from models import SnapshotError
from streams.contract.events import Event
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.checkpoint import packed, read, restored
from streams.shop.memory.orders.weight import BYTES_MAX, weight
from streams.shop.memory.session import IMPRESSIONS_MAX, Session
from streams.shop.people.ties import NO_TIES
from streams.shop.people.visitors import FORMERS_MAX
from tests.leaves import replaced
from tests.stories import NOON_MS, Story, Till

VISITOR = "visitor-v"
V: dict[str, Any] = {"visitor_id": VISITOR}
ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}
BOB: dict[str, Any] = {"shopper_id": "bob", "consent": True}
UNSAID: dict[str, Any] = {"shopper_id": "ann", "consent": None}
NOBODY: dict[str, Any] = {"schema_version": 2, "shopper_id": None}
DAY_S = 86_400


def till(**settings: Any) -> Till:
    """A shop that has seen bread bought with butter."""
    shop = Till(**settings)
    shop.teach("bread", "butter")
    return shop


def after(story: Story, session_id: str = "s2", *, pause_s: float = 60, **said: Any) -> Story:
    """The same visitor's next session, a minute later."""
    start_ms = story.now_ms + round(1000 * pause_s)
    return Story(session_id, start_ms=start_ms, **{**V, **said})


def clicked(shop: Till, story: Story) -> Prompt:
    """Bread is added, and the prompt for butter is seen and followed."""
    prompt = shop.prompt(story.add("bread"))
    serve(shop, story.see(prompt), story.click(prompt))
    return prompt


def sold(shop: Till, story: Story) -> Prompt:
    """And butter is added from it."""
    prompt = clicked(shop, story)
    serve(shop, story.add("butter", receipt=prompt.receipt))
    return prompt


def serve(shop: Till, *events: Event) -> list[Outcome]:
    """Fold and answer these events; what they brought to prompts."""
    return [outcome for event in events for outcome in shop.serve(event).outcomes]


def session(shop: Till, session_id: str = "s2") -> Session:
    """A session that is remembered."""
    found = shop.shop.sessions[0].find(session_id)
    assert found is not None
    return found


def stages(outcomes: list[Outcome]) -> list[tuple[str, str | None, float]]:
    """Which stages were reached, by which item, and what that added."""
    return [(one.stage, one.item_id, round(one.reward, 6)) for one in outcomes]


def basket(shop: Till, session_id: str = "s2") -> dict[str, int]:
    """What is in a session's basket."""
    return session(shop, session_id).basket


def offered(shop: Till, event: Event) -> set[str]:
    """What this event gets offered."""
    prompt = shop.serve(event).prompt
    return set() if prompt is None else {item.item_id for item in prompt.items}


def woken(shop: Till) -> Till:
    """The shop after a restart from its checkpoint."""
    _, data = packed(shop.shop, cluster="c", now_ms=1, made_by="a test")
    again = Till(**shop.shop.settings.model_dump())
    again.shop = restored(read(data), shop.shop.settings)
    assert shop.shop.state() == again.shop.state()
    assert shop.shop.digest() == again.shop.digest()
    return again


# A new session at sign-in


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("who", [ANN, UNSAID, NOBODY, {}])
def test_what_a_visitors_next_session_orders_is_credited_to_the_prompt(
    who: dict[str, Any], restart: bool
) -> None:
    """A new id at sign-in, with consent or without: basket and prompts are the visitor's."""
    shop, before = till(), Story(**V)
    prompt = sold(shop, before)
    shop = woken(shop) if restart else shop
    now = after(before, **who)
    brought = serve(shop, now.order("butter"))

    assert [("bought", "butter", 0.5)] == stages(brought)
    assert (prompt.prompt_id, "s1") == (brought[0].prompt_id, brought[0].session_id)
    assert {"bread": 1} == basket(shop)
    assert 1.0 == pytest.approx(session(shop).impressions[prompt.prompt_id].reward)


def test_what_comes_back_in_the_next_session_is_taken_back() -> None:
    """The order is told in the first, its return in the second."""
    shop, before = till(), Story(**V)
    sold(shop, before)
    serve(shop, before.order("butter"))
    back = after(before).send_back("butter", order_id="o-s1-1")

    assert [("returned", "butter", -0.5)] == stages(serve(shop, back))


def test_what_is_in_the_basket_is_not_offered_in_the_next_session() -> None:
    """Nor is what was taken out in this visit."""
    shop, before = till(), Story(**V)
    shop.teach("bread", "jam")
    shop.teach("bread", "tea")
    serve(shop, before.add("butter"), before.add("jam"), before.remove("jam"))

    assert {"tea"} == offered(shop, after(before, **ANN).view("bread"))


def test_the_cap_counts_by_visitor() -> None:
    """What was seen, and what is still to be seen."""
    for seen in (True, False):
        shop, before = till(prompts_per_session_max=1), Story(**V)
        prompt = shop.prompt(before.add("bread"))
        serve(shop, *([before.see(prompt)] if seen else []))
        silence = shop.serve(after(before, **ANN).view("bread")).silence
        assert silence is not None
        assert "session_cap" == silence.reason


def test_the_cool_down_counts_by_visitor() -> None:
    """A minute after a prompt, and after ten of them."""
    for seen in (True, False):
        shop, before = till(cool_down_s=100.0), Story(**V)
        prompt = shop.prompt(before.add("bread"))
        serve(shop, *([before.see(prompt)] if seen else []))
        now = after(before, **ANN)
        silence = shop.serve(now.view("bread")).silence
        assert silence is not None
        assert "cool_down" == silence.reason
        assert {"butter"} == offered(shop, now.view("bread", after_s=600))


def test_an_own_prompt_of_the_same_event_id_is_not_the_formers() -> None:
    """Sessions that count their events: the first of both is called 1."""
    shop, before = till(prompts_per_session_max=1), Story(**V)
    shop.prompt(before.add("bread", event_id="1"))
    silence = shop.serve(after(before).view("bread", event_id="1")).silence

    assert silence is not None
    assert "session_cap" == silence.reason


def test_who_was_dismissed_twice_is_left_in_peace_in_the_next_session() -> None:
    """Until the next visit."""
    shop, before = till(dismissals_max=1), Story(**V)
    prompt = shop.prompt(before.add("bread"))
    serve(shop, before.see(prompt), before.dismiss(prompt))
    silence = shop.serve(after(before).view("jam")).silence

    assert silence is not None
    assert "dismissed" == silence.reason


def test_the_visit_goes_on_under_the_next_id() -> None:
    """What was looked at counts once, who was paying is paying, what was bought is not offered."""
    shop, before = till(best_fit=True), Story(**V)
    serve(shop, before.view("tea"), before.order("butter"), before.check_out())
    now = after(before, **ANN)
    silence = shop.serve(now.view("jam")).silence
    serve(shop, now.view("tea"), now.leave_checkout())
    found = session(shop)

    assert silence is not None
    assert "checkout" == silence.reason
    assert ["tea", "jam"] == list(found.looked or ())
    assert (["jam", "tea"], ["tea", "butter", "jam", "tea"]) == (found.viewed, found.path)
    assert NOON_MS + 1000 == found.started_ms
    assert "butter" not in offered(shop, now.view("bread"))


def test_a_page_that_is_still_there_brings_the_receipt_of_before() -> None:
    """The prompt was rendered before the sign-in, and is seen, followed and used after it."""
    shop, before = till(), Story(**V)
    prompt = shop.prompt(before.add("bread"))
    now = after(before, **ANN)
    events = (now.see(prompt), now.click(prompt), now.add("butter", receipt=prompt.receipt))
    answers = [shop.serve(event) for event in events]

    told = [one for answer in answers for one in answer.outcomes]
    assert [("shown", None, 0), ("clicked", "butter", 0.1), ("added", "butter", 0.4)] == stages(
        told
    )
    assert [None] * 3 == [answer.rejected for answer in answers]
    assert 1 == session(shop).shown


@pytest.mark.parametrize("shown_in", ["s1", "s2"])
def test_a_receipt_of_any_session_before_counts_in_the_one_after_them(shown_in: str) -> None:
    """Of the first of them or of the latest: a page may have stood open all the while."""
    shop, one = till(), Story("s1", **V)
    two = after(one)
    prompts = {story.session_id: shop.prompt(story.add("bread")) for story in (one, two)}
    three = after(two, "s3", pause_s=120)
    serve(shop, three.view("tea"))
    answer = shop.serve(three.see(prompts[shown_in]))

    assert [("shown", None, 0)] == stages([*answer.outcomes])
    assert answer.rejected is None


def test_a_receipt_of_another_visitor_is_none() -> None:
    """The session of nobody else."""
    shop, before = till(), Story(**V)
    prompt = shop.prompt(before.add("bread"))
    rejected = shop.serve(Story("s2", visitor_id="another").see(prompt)).rejected

    assert rejected is not None
    assert "receipt_forged" == rejected.reason


# Events that come late, and sessions that take turns


def test_feedback_of_the_former_session_that_comes_late_counts_once() -> None:
    """Shown and followed before the sign-in, told after it; and told again."""
    shop, before = till(), Story(**V)
    prompt = shop.prompt(before.add("bread"))
    late: list[Event] = [before.see(prompt), before.click(prompt)]
    now = after(before, **ANN)
    serve(shop, now.view("tea"))
    brought = serve(shop, *late, *late)
    brought += serve(shop, now.add("butter"), now.order("butter"))

    assert ["shown", "clicked", "added", "bought"] == [one.stage for one in brought]
    assert 1.0 == pytest.approx(sum(one.reward for one in brought))
    assert 1 == session(shop).shown


def test_an_add_of_the_former_session_that_comes_late_is_in_the_basket() -> None:
    """And a removal takes out; neither counts twice."""
    shop, before = till(), Story(**V)
    serve(shop, before.add("bread"), before.add("tea"))
    late: list[Event] = [before.add("jam"), before.remove("tea")]
    serve(shop, after(before, **ANN).view("tea"), *late, *late)

    assert {"bread": 1, "jam": 1} == basket(shop) == basket(shop, "s1")


def test_two_tabs_with_a_session_each_have_one_basket() -> None:
    """Whichever was used last."""
    shop, one = till(), Story("s1", **V)
    other = after(one)
    for item in ("bread", "butter", "jam"):
        serve(shop, one.add(item), other.add(item, after_s=0))
    serve(shop, one.order("bread", "bread", "butter", after_s=600))

    assert {"butter": 1, "jam": 2} == basket(shop, "s1") == basket(shop, "s2")
    serve(shop, after(one, "s3").view("tea"))
    assert {"butter": 1, "jam": 2} == basket(shop, "s3")
    assert (1, 1) == shop.shop.learned.baskets.lift("jam", "butter")[1:3]


def test_events_of_one_id_in_two_sessions_are_two_events() -> None:
    """Sessions that count their events, and a prompt that both of them know."""
    shop, before = till(), Story(**V)
    prompt = clicked(shop, before)
    now = after(before)
    brought = serve(
        shop,
        before.add("butter", event_id="7"),
        now.add("butter", event_id="7"),
        before.remove("butter", event_id="8", after_s=100),
        now.remove("butter", event_id="8", after_s=100),
    )

    assert 4 == len({one.identity for one in brought})
    assert [0.4, 0.0, 0.0, -0.4] == [round(one.reward, 6) for one in brought]
    assert {prompt.prompt_id} == {one.prompt_id for one in brought}


def test_an_order_that_is_told_again_in_the_next_session_counts_once() -> None:
    """Nothing is taken out of the basket twice, nor told twice."""
    shop, before = till(holdout_share=0.0001), Story(**V)
    serve(shop, before.add("bread", quantity=3), before.order("bread"))
    again = after(before).order("bread", order_id="o-s1-1")
    answer = shop.serve(again)

    assert {"bread": 2} == basket(shop)
    assert ((), ()) == (answer.outcomes, answer.unit_outcomes)


def test_an_order_that_the_shop_has_forgotten_may_be_told_again_in_the_next_session() -> None:
    """It knows that another session of the visitor has told it: nothing counts, nothing breaks."""
    shop, before = till(holdout_share=0.0001), Story(**V)
    serve(shop, before.add("bread", quantity=3), before.order("bread"))
    shop.shop.sessions[0].orders.orders_max = 1
    serve(shop, Story("other").order("soap"))
    assert shop.shop.sessions[0].orders.get("o-s1-1") is None
    now = after(before)
    serve(shop, now.view("tea"))
    answer = shop.serve(now.order("bread", order_id="o-s1-1"))

    assert {"bread": 2} == basket(shop)
    assert ((), ()) == (answer.outcomes, answer.unit_outcomes)


def test_what_comes_back_in_a_session_that_never_asked_is_told() -> None:
    """Readers join it with the order of the session before, by its number."""
    shop, before = till(holdout_share=0.0001), Story(**V)
    serve(shop, before.add("bread"), before.order("bread"))
    back = after(before).send_back("bread", order_id="o-s1-1")

    assert ["unmatched"] == [one.type for one in shop.serve(back).unit_outcomes]


def test_an_answer_that_comes_late_finds_what_the_former_session_brought() -> None:
    """Somebody else has folded ahead, past the sign-in."""
    shop, before = till(), Story(**V)
    prompt = clicked(shop, before)
    event = before.add("butter", receipt=prompt.receipt)
    offset = shop.shop.position[0]
    shop.shop.learn(0, offset, event)
    serve(shop, after(before, **ANN).view("tea"))

    assert [("added", "butter", 0.4)] == stages(list(shop.ask(event, offset).outcomes))


@pytest.mark.parametrize("restart", [False, True])
def test_an_answer_that_comes_late_finds_what_a_session_brought_before_it_began_anew(
    restart: bool,
) -> None:
    """Somebody else has folded ahead: ann has gone on, and nobody is there under the old id."""
    shop, before = till(), Story(**V)
    prompt = clicked(shop, before)
    events: list[Event] = [before.add("butter", receipt=prompt.receipt), before.remove("butter")]
    begins = shop.shop.position[0]
    now = after(before, **ANN)
    anew = Story("s1", start_ms=now.now_ms + 1000, **V)
    folded = [*events, now.view("tea"), anew.view("tea", event_id="anew")]
    third = after(now, "s3", pause_s=120, **ANN)
    for place, event in enumerate([*folded, third.view("tea")]):
        assert "folded" == shop.shop.learn(0, begins + place, event)
    shop = woken(shop) if restart else shop
    told = [shop.ask(event, begins + place).outcomes for place, event in enumerate(events)]

    assert [("added", "butter", 0.4)] == stages(list(told[0]))
    assert [("removed", "butter", -0.4)] == stages(list(told[1]))
    assert () == shop.ask(folded[3], begins + 3).outcomes


def test_an_order_that_overtakes_the_add_of_the_former_session_buys_it() -> None:
    """The till is quicker than the phone, and signs in."""
    shop, before = till(), Story(**V)
    prompt = clicked(shop, before)
    late = before.add("butter", receipt=prompt.receipt)
    serve(shop, after(before).order("butter"))

    assert ["added", "bought"] == [one.stage for one in serve(shop, late)]
    assert {"bread": 1} == basket(shop)


def test_a_late_event_of_the_former_session_does_not_bring_the_trail_back() -> None:
    """Whoever uses the old id then begins anew, and the next session has what it had."""
    shop, before = till(), Story(**V)
    serve(shop, before.add("bread"))
    late = before.add("jam")
    now = after(before, **ANN)
    serve(shop, now.view("tea"), late)
    serve(shop, Story("s1", start_ms=now.now_ms, **V).add("salt", event_id="later"))
    serve(shop, now.add("butter"))

    assert {"salt": 1} == basket(shop, "s1")
    assert {"bread": 1, "jam": 1, "butter": 1} == basket(shop)


def test_who_signs_in_without_consent_keeps_the_basket_when_a_late_event_comes() -> None:
    """The event is of the trail, which stays where it is."""
    shop, before = till(), Story(**V)
    serve(shop, before.add("bread"))
    late = before.add("jam")
    now = after(before, **UNSAID)
    serve(shop, now.view("tea"), late, now.add("butter"))

    assert {"bread": 1, "jam": 1, "butter": 1} == basket(shop)
    assert ("s1",) == session(shop).ties.formers


def test_an_event_that_came_too_late_to_be_told_from_a_repeat_moves_nothing() -> None:
    """Of a former whose first events are forgotten."""
    shop, before = till(), Story(**V)
    first = before.add("jam")
    for _ in range(100):
        serve(shop, before.view("tea"))
    serve(shop, before.add("bread"))
    now = after(before)
    serve(shop, now.add("butter"), first, now.add("butter"))

    assert {"bread": 1, "butter": 2} == basket(shop) == basket(shop, "s1")


def test_an_event_of_one_id_that_tells_an_order_again_tells_no_outcome() -> None:
    """Sessions that count their events: both tell the order by their third; it is the first's."""
    shop, before = till(holdout_share=0.0001), Story(**V)
    shop.serve(before.view("jam"))
    first = shop.serve(before.order("bread", event_id="3"))
    now = after(before)
    shop.serve(now.view("tea"))
    again = shop.serve(now.order("bread", order_id="o-s1-1", event_id="3"))
    back = shop.serve(now.send_back("bread", order_id="o-s1-1"))

    assert ["ordered"] == [one.type for one in first.unit_outcomes]
    assert () == again.unit_outcomes
    assert ["unmatched"] == [one.type for one in back.unit_outcomes]


def busy(shop: Till, story: Story) -> None:
    """A session that is as heavy as one may be."""
    for number in range(40):
        serve(shop, story.add(f"item-{number}"), story.view(f"item-{number}"))
    for number in range(24):
        serve(shop, story.remove(f"gone-{number}"))
    for number in range(14):
        serve(shop, story.order(f"other-{number}"))


def test_a_session_that_goes_on_is_no_heavier_than_any_other() -> None:
    """It has the ids of its own events, and all that the other one brought."""
    for items, event in ((54, "view"), (40, "late add")):
        shop, one = till(), Story("s1", **V)
        busy(shop, one)
        late = one.add("late")
        serve(shop, after(one).set_basket(*(f"item-{number}" for number in range(items))))
        serve(shop, late if event == "late add" else one.view("tea", after_s=600))
        (heaviest,) = (found for found in shop.shop.sessions[0] if found.ties.formers)

        assert items == len(heaviest.basket)  # of what was added before the cart, that knows
        assert BYTES_MAX - 2000 < weight(heaviest) <= BYTES_MAX  # until it is weighed next


# Who


def test_nothing_of_the_one_before_is_used_for_the_next() -> None:
    """On a shared device: signed out, or another shopper, with consent or without."""
    for then in (NOBODY, BOB, {}, {"shopper_id": "bob", "consent": None}):
        for first in (ANN, UNSAID):
            if first is UNSAID and then == {}:
                continue
            shop, before = till(), Story(**V, **first)
            sold(shop, before)
            now = after(before, **then)

            assert [] == serve(shop, now.order("butter"))
            assert {} == basket(shop)


def test_who_signed_in_goes_on_in_the_next_session() -> None:
    """And in the one after that; nobody else does then."""
    shop, before = till(), Story(**V)
    sold(shop, before)
    second = after(before, **ANN)
    third = after(second, "s3", pause_s=120, **ANN)
    serve(shop, second.view("tea"))

    assert [("bought", "butter", 0.5)] == stages(serve(shop, third.order("butter")))
    fourth = after(third, "s4", **BOB)
    serve(shop, fourth.view("tea"))
    assert {} == basket(shop, "s4")


def test_a_former_session_goes_on_where_the_same_shopper_is_signed_in() -> None:
    """Two tabs of ann's: an event that does not say who is hers, and none of nobody's."""
    for says, mine in (({"shopper_id": "ann"}, True), ({}, True), ({"shopper_id": None}, False)):
        shop, one = till(), Story("s1", **V, schema_version=2)
        other = after(one, schema_version=2, **ANN)
        serve(shop, one.add("bread", **ANN), other.add("butter"))
        serve(shop, one.view("tea", after_s=900, consent=True, **says))
        assert ({"bread": 1, "butter": 1} if mine else {}) == basket(shop, "s1")


def test_an_event_that_says_nothing_of_who_is_there_leaves_the_visit_to_who_was() -> None:
    """Neither who, nor consent: a page that does not know. Ann goes on with her basket."""
    shop, before = till(), Story(**V, schema_version=2)
    serve(shop, before.add("bread", **ANN), before.view("tea"))
    serve(shop, after(before, schema_version=2, **ANN).view("jam"))

    assert {"bread": 1} == basket(shop)


def test_a_refusal_that_names_nobody_leaves_the_visit_to_whoever_comes_next() -> None:
    """A storefront that sends its analytics' refusal with each event: nobody was there by it."""
    shop, before = till(), Story(**V)
    serve(shop, before.add("bread"), before.view("tea", consent=False))
    serve(shop, after(before).view("jam"))

    assert {"bread": 1} == basket(shop)


def test_a_session_of_no_visitor_is_tied_to_nobody_by_a_denial() -> None:
    """Nothing of who denied is kept with it, not even that somebody was there."""
    shop, story = till(), Story("s9")
    serve(shop, story.add("bread"), story.view("tea", shopper_id="ann", consent=False))

    assert NO_TIES == session(shop, "s9").ties


def test_after_a_sign_out_nobody_goes_on_from_that_session() -> None:
    """Not even who is nobody; what begins then is followed again."""
    shop, before = till(), Story(**V)
    serve(shop, before.add("bread", **ANN), before.view("tea", **NOBODY))
    now = after(before)
    serve(shop, now.add("jam"))
    assert {"jam": 1} == basket(shop)

    serve(shop, after(now, "s3").view("tea"))
    assert {"jam": 1} == basket(shop, "s3")


def test_whose_a_basket_is_outlives_a_pause() -> None:
    """Nobody says who is there after it, and another session begins."""
    shop, before = till(), Story(**V, schema_version=2)
    serve(shop, before.add("bread", **ANN), before.view("tea", after_s=7200))
    serve(shop, after(before).view("tea"), after(before, "s3", pause_s=120, **ANN).view("tea"))

    assert {"bread": 1} == basket(shop, "s1")
    assert {} == basket(shop)
    assert {} == basket(woken(shop), "s3")


def test_who_denies_is_followed_no_more() -> None:
    """Not by visitor either: consent that is given anew begins anew."""
    for forgets in (True, False):
        shop, before = till(), Story(**V, **ANN)
        serve(shop, before.add("bread"))
        denial = before.forget("ann") if forgets else before.view("tea", consent=False)
        serve(shop, denial, after(before, pause_s=120, **ANN).view("tea"))

        assert {} == basket(shop)
        assert {"bread": 1} == basket(shop, "s1")


def test_somebody_who_signs_in_without_consent_ends_it() -> None:
    """Nobody may note who it was; so nobody may know that the next one is another."""
    shop, before = till(), Story(**V)
    serve(shop, before.add("bread"), before.view("tea", **UNSAID))
    serve(shop, after(before, **UNSAID).view("tea"))

    assert {} == basket(shop)
    assert "ann" not in str(shop.shop.sessions[0].state())


def test_an_order_of_the_same_shopper_that_says_no_consent_changes_nothing() -> None:
    """A till that does not send it: she has said so herself, in the session before."""
    shop, before = till(), Story(**V)
    sold(shop, before)
    now = after(before, **ANN)
    serve(shop, now.view("tea"))
    brought = serve(shop, now.order("butter", consent=None))
    serve(shop, after(now, "s3", **ANN).view("tea"))

    assert [("bought", "butter", 0.5)] == stages(brought)
    assert {"bread": 1} == basket(shop, "s3")


def test_a_former_session_in_which_somebody_else_signs_in_begins_anew() -> None:
    """Ann has gone on elsewhere on this device; then bob comes, under the old id."""
    shop, before = till(), Story(**V)
    prompt = sold(shop, before)
    now = after(before, **ANN)
    serve(shop, now.view("tea"))
    bobs = Story("s1", start_ms=now.now_ms + 1000, **V, **BOB)
    answers = [
        shop.serve(bobs.view("tea", event_id="b1")),
        shop.serve(bobs.see(prompt, event_id="b2")),
    ]

    assert {} == basket(shop, "s1")
    assert answers[1].rejected is not None
    assert "receipt_forgotten" == answers[1].rejected.reason
    assert {"bread": 1, "butter": 1} == basket(woken(shop))


# By shopper


@pytest.mark.parametrize("restart", [False, True])
def test_what_a_shopper_orders_elsewhere_is_credited_to_the_prompt(restart: bool) -> None:
    """Two devices, or a shop that tells no visitors: with consent, said each time."""
    for here, there, credited in (
        (ANN, ANN, True),
        (ANN, BOB, False),
        (ANN, UNSAID, False),
        (UNSAID, ANN, False),
        ({}, ANN, False),
    ):
        shop, one = till(consent_default=True), Story("laptop", **here)
        sold(shop, one)
        shop = woken(shop) if restart else shop
        other = Story("phone", start_ms=one.now_ms, **there)
        brought = serve(shop, other.order("butter"))

        assert ([("bought", "butter", 0.5)] if credited else []) == stages(brought)


def test_a_denial_ends_what_ties_sessions_by_shopper() -> None:
    """For sessions to come, on this partition; consent that is given anew begins anew."""
    shop, one = till(), Story("laptop", **ANN)
    sold(shop, one)
    serve(shop, Story("office", start_ms=one.now_ms).forget("ann"))
    phone = Story("phone", start_ms=one.now_ms + 5_000, **ANN)

    assert [] == serve(shop, phone.order("butter"))


def test_a_denial_on_another_partition_ties_nobody_else() -> None:
    """Whichever partition is read first, the next session of hers goes on from the same one."""
    one, two = Story("s1", **V), Story("s2", visitor_id="w")
    events: list[Event] = [one.view("tea", **ANN), two.view("tea", **ANN), one.view("tea", **ANN)]
    denial = Story("s3").view("tea", shopper_id="ann", consent=False)
    digests = []
    for first in (True, False):
        shop = till().shop
        begins = shop.position[0]
        if first:
            shop.learn(1, 0, denial)
        for number, event in enumerate(events):
            assert "folded" == shop.learn(0, begins + number, event)
        if not first:
            shop.learn(1, 0, denial)
        digests.append(shop.digest())

    assert digests[0] == digests[1]


def test_sessions_on_two_devices_keep_their_own_baskets() -> None:
    """An order that comes back must not have changed what the other session teaches."""
    shop, one = till(), Story("laptop", **ANN)
    serve(shop, one.add("bread"))
    serve(shop, Story("phone", start_ms=one.now_ms, **ANN).order("bread"))

    assert {"bread": 1} == basket(shop, "laptop")
    assert {} == basket(shop, "phone")


# Time and bounds


@pytest.mark.parametrize(
    ("pause_s", "left", "shown"),
    [(60, {"bread": 1}, 1), (31 * 60, {"bread": 1}, 0), (31 * DAY_S, {}, 0)],
)
def test_a_pause_between_sessions_is_a_pause_of_the_visitor(
    pause_s: float, left: dict[str, int], shown: int
) -> None:
    """The next visit, and a basket that nobody came back to."""
    shop, before = till(lateness_s=1e9), Story(**V)
    prompt = shop.prompt(before.add("bread"))
    serve(shop, before.see(prompt))
    serve(shop, after(before, pause_s=pause_s, **ANN).view("tea"))

    assert (left, shown) == (basket(shop), session(shop).shown)
    assert prompt.prompt_id in session(shop).impressions


def test_a_visitor_who_was_away_for_longer_than_anything_personal_begins_anew() -> None:
    """Nothing is kept of it by visitor either."""
    for pause_s, kept in ((30 * DAY_S, True), (30 * DAY_S + 9, False)):
        shop, before = till(personal_ttl_s=30 * DAY_S, basket_ttl_s=400 * DAY_S), Story(**V)
        serve(shop, before.add("bread"))
        serve(shop, after(before, pause_s=pause_s - 1).view("tea"))
        assert ({"bread": 1} if kept else {}) == basket(shop)
        assert (2 if kept else 1) == len(shop.shop.sessions[0])


def test_a_session_that_goes_on_is_remembered_as_long_as_it_lasts() -> None:
    """The former leaves before it; the trail stays, and a late receipt counts no prompt twice."""
    shop = Till(sessions_max=2)
    story = Story(**V)
    shop.teach("bread", "butter", times=1)
    prompt = shop.prompt(story.view("bread"))
    shown = story.see(prompt)
    serve(shop, shown, story.click(prompt), story.add("bread"))
    second = after(story)
    serve(shop, second.view("tea"))
    assert 2 == len(shop.shop.sessions[0])
    serve(shop, Story("another", start_ms=second.now_ms).view("tea"))

    assert shop.shop.sessions[0].find("s1") is None
    rejected = shop.serve(Story("s1", start_ms=second.now_ms).see(prompt, event_id="x")).rejected
    assert rejected is not None
    assert "receipt_forgotten" == rejected.reason


def test_a_prompt_that_the_trail_has_forgotten_counts_no_more_when_its_session_leaves() -> None:
    """It was forgotten under another id, and its own one is forgotten then."""
    shop, story = till(), Story("s0", **V, **ANN)
    prompt = shop.prompt(story.add("bread"))
    serve(shop, story.see(prompt))
    for number in range(1, IMPRESSIONS_MAX + 2):
        story = after(story, f"s{number}", pause_s=1, **ANN)
        serve(shop, story.see(shop.prompt(story.view("bread"))))
    first = Story("s0", start_ms=story.now_ms, **V, **BOB)
    assert shop.shop.sessions[0].find("s0") is None
    rejected = shop.serve(first.see(prompt, event_id="again")).rejected

    assert rejected is not None
    assert "receipt_forgotten" == rejected.reason


def test_a_pause_ends_who_was_signed_in_to_a_former() -> None:
    """Ann's two tabs, idle for an hour: whoever uses the first one then is nobody."""
    for pause_s, mine in ((60, True), (3600, False)):
        shop, one = till(), Story("s1", **V, schema_version=2)
        other = after(one, schema_version=2, **ANN)
        serve(shop, one.add("bread", **ANN), other.add("butter"))
        serve(shop, one.add("tea", after_s=60 + pause_s, consent=True))
        assert ({"bread": 1, "butter": 1, "tea": 1} if mine else {"tea": 1}) == basket(shop, "s1")
        assert ("ann" if mine else None) == session(shop, "s1").signed_in.shopper_id


def test_an_id_that_was_forgotten_counts_no_prompt_again_where_it_goes_on() -> None:
    """Bob's session leaves, and its id is ann's, who goes on from another one."""
    shop, bobs = till(sessions_max=2), Story(**V, **BOB)
    prompt = shop.prompt(bobs.add("bread"))
    serve(shop, bobs.see(prompt))
    anns = after(bobs, **ANN)
    serve(shop, anns.add("salt"), Story("another", start_ms=anns.now_ms).view("tea"))
    assert shop.shop.sessions[0].find("s1") is None
    again = Story("s1", start_ms=anns.now_ms, **V, **ANN)
    rejected = shop.serve(again.see(prompt, event_id="again")).rejected

    assert {"salt": 1} == basket(shop, "s1")
    assert rejected is not None
    assert "receipt_forgotten" == rejected.reason


def test_a_former_that_begins_anew_is_whose_it_was() -> None:
    """Ann's first tab, while bob signs in to the other one: hers, since she comes back to it."""
    shop, one = till(), Story("s1", **V, schema_version=2)
    other = after(one, schema_version=2)
    serve(shop, one.add("bread", **ANN), other.view("tea", **ANN), other.view("tea", **BOB))
    serve(shop, other.view("tea", after_s=1500))
    serve(shop, one.add("butter", after_s=3000, consent=True))
    found = session(shop, "s1")

    assert {"butter": 1} == found.basket
    assert ("ann", one.now_ms) == (found.signed_in.shopper_id, found.started_ms)
    serve(shop, after(one, "s3", **NOBODY).view("tea"))
    assert {} == basket(shop, "s3")


def test_of_many_ids_of_one_visitor_the_first_are_forgotten() -> None:
    """A shop that gives each page a session; what follows, follows."""
    shop, story = till(), Story("s0", **V)
    serve(shop, story.add("bread"))
    for number in range(1, FORMERS_MAX + 5):
        story = after(story, f"s{number}", pause_s=1)
        serve(shop, story.add("bread"))

    last = session(shop, story.session_id)
    assert {"bread": FORMERS_MAX + 5} == last.basket
    assert FORMERS_MAX == len(last.ties.formers)
    assert FORMERS_MAX + 1 + 10 == len(shop.shop.sessions[0])
    woken(shop)


def test_no_visitor_and_no_shopper_are_named_in_what_is_kept() -> None:
    """Hashes, as long as the sessions that they lead to."""
    shop, story = till(), Story(visitor_id="device-19")
    serve(shop, story.add("bread"), after(story, visitor_id="device-19", **UNSAID).view("tea"))
    kept = str(shop.shop.state())

    assert "device-19" not in kept
    assert "ann" not in kept


# What is kept


def linked() -> Any:
    """The sessions of a partition in which one goes on from two others, as JSON has them."""
    shop, before = till(), Story(**V)
    prompt = clicked(shop, before)
    second = after(before, **ANN)
    serve(shop, second.click(prompt), after(second, "s3", pause_s=120, **ANN).view("tea"))
    return json.loads(json.dumps(shop.shop.state()["sessions"]["0"]))


def restored_from(state: Any) -> Till:
    """A shop with these sessions."""
    shop = Till()
    shop.shop.parts()["sessions"].restore({"0": state})
    return shop


def test_what_ties_sessions_is_as_it_was_left_or_is_refused() -> None:
    """A former of nobody, or one that is there as well, would stop all workers."""
    state = linked()
    (formers, latest), (shoppers, _) = state[4]
    assert state == json.loads(json.dumps(restored_from(state).shop.state()["sessions"]["0"]))
    for place, wrong in (
        ((4, 0, 0, 0, 1), "nobody"),
        ((4, 0, 0, 0, 1), 7),
        ((4, 0, 0, 0, 2), -1),
        ((4, 0, 0, 0, 2), YEAR_2100_MS + 1),
        ((4, 0, 0), formers[1:]),
        ((4, 0, 0), [*formers, [state[1][0], "s3", 0]]),
        ((4, 0, 1, 0, 1), 7),
        ((4, 0, 1, 0, 0), 7),
        ((4, 1, 0, 0, 0), 7),
        ((4, 1, 0, 0, 1), 7),
        ((4, 1, 1), [["ann", -1]]),
        ((4, 1, 1), [[7, 1]]),
        ((1, -1, 23, 0), 7),
        ((1, -1, 23, 1), 7),
        ((1, -1, 23, 2), 7),
        ((1, -1, 23, 3), 7),
        ((1, -1, 23, 4), 7),
        ((1, -1, 23, 5), [7]),
        ((1, -1, 23, 5), ["s1"]),
        ((1, -1, 23), []),
    ):
        with pytest.raises(SnapshotError):
            restored_from(replaced(state, place, wrong))
    assert (
        ["s3"] == [name for _, name in latest] == [name for _, *names in shoppers for name in names]
    )


# Two partitions


def test_on_two_partitions_nothing_follows_and_nothing_breaks() -> None:
    """Sessions are of their partition; a snapshot brings the basket along."""
    shop, before = till(), Story(**V, **ANN)
    sold(shop, before)
    now = after(before, **ANN)
    events: list[Event] = [now.view("tea"), now.order("butter"), now.set_basket("bread")]
    for offset, event in enumerate(events):
        assert "folded" == shop.shop.learn(1, offset, event)
        assert () == shop.shop.answer(event, 1, offset, shop.pending).outcomes

    found = shop.shop.sessions[1].find("s2")
    assert found is not None
    assert {"bread": 1} == found.basket
    assert {"bread": 1, "butter": 1} == basket(shop, "s1")
    assert NOON_MS < found.started_ms
