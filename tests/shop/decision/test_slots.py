"""Slots: an event asks for several prompts, each with a context, a cap and a pause of its own."""

from itertools import combinations
from typing import Any

import pytest

from streams.contract.events import Event, OrderLine
from streams.contract.events.slots import PLACEMENTS, Placement
from streams.contract.published.prompts import Prompt, prompt_id
from streams.shop.memory.answer import Answer, Silence
from streams.shop.people.assignment import held_out
from tests.stories import Story, Till

GOODS = ("bread", "butter", "jam", "honey", "cheese", "ham", "tea", "milk", "salt", "rice")


def till(**settings: Any) -> Till:
    """A shop in which everything goes with bread, and with everything else."""
    shop = Till(**{"slot_cool_down_s": 0.0, "checkout_prompts_max": 1000, **settings})
    shop.teach(*GOODS)
    return shop


def by_slot(answer: Answer) -> dict[str, Prompt]:
    """The prompts of an answer, as their readers have them."""
    return {(one := each.prompt()).placement: one for each in answer.outgoing_prompts}


def test_an_event_gets_a_prompt_for_each_slot_that_it_names() -> None:
    """Each with the id, the context and the receipt of its slot, and none for another."""
    shop, story = till(), Story()
    asked = story.view("bread", slots=("basket", "product_page"))
    prompts = by_slot(shop.serve(asked))

    assert {"basket", "product_page"} == prompts.keys()
    for slot, prompt in prompts.items():
        assert prompt_id(asked.event_id, "s1", slot) == prompt.prompt_id  # type: ignore[arg-type]
        assert f"{slot}/new" == prompt.context
        receipt = shop.shop.receipts.open(prompt.receipt, "s1")
        assert (prompt.prompt_id, prompt.context) == (receipt.prompt_id, receipt.context)


def test_only_where_several_slots_were_asked_for_their_silences_are_told_one_by_one() -> None:
    """A single one has its silence beside it, as ever: else it would be counted twice."""
    both, single = Till(), Till()
    several = both.serve(Story().view("bread", slots=("basket", "product_page")))
    one = single.serve(Story().view("bread", slots=("product_page",)))

    silence = Silence("no_candidate")
    assert {"basket": silence, "product_page": silence} == several.silent_slots
    assert ({}, silence, (silence,)) == (one.silent_slots, one.silence, one.silences)


def test_an_item_stands_in_one_prompt_of_an_answer() -> None:
    """Whatever the slots: nobody is told the same thing twice at once."""
    prompts = by_slot(till().serve(Story().view("bread", slots=("product_page", "basket"))))
    offered = [{item.item_id for item in prompt.items} for prompt in prompts.values()]

    assert 2 == len(offered)
    assert all(one.isdisjoint(other) for one, other in combinations(offered, 2))


@pytest.mark.parametrize("slots", [None, ("product_page",)], ids=["unsaid", "said"])
def test_who_names_the_slot_that_goes_without_saying_gets_what_all_got(slots: Any) -> None:
    """The same draw, the same items, under the same id."""
    before, now = till(), till()
    said = before.prompt(Story().view("bread"))

    assert said == now.prompt(Story().view("bread", slots=slots))


def test_who_names_no_slot_is_learned_from_and_asks_for_nothing() -> None:
    """An empty list is a word: neither a prompt nor a silence."""
    shop, story = till(), Story()
    answer = shop.serve(story.add("bread", slots=()))

    assert (None, None, ()) == (answer.prompt, answer.silence, answer.silences)
    assert {"bread": 1} == shop.shop.sessions[0].find("s1").basket  # type: ignore[union-attr]


def test_checkout_is_quiet_unless_the_slot_of_the_checkout_is_asked_for() -> None:
    """No other slot speaks there; the one that does completes the basket."""
    shop, story = till(), Story()
    shop.serve(story.add("bread"))
    quiet = shop.serve(story.check_out())
    asked = shop.serve(story.check_out(slots=("basket", "checkout")))

    assert (None, None) == (quiet.prompt, quiet.silence)
    assert ["checkout"] == [*by_slot(asked)]
    assert "bread" == by_slot(asked)["checkout"].anchor
    assert {"basket": Silence("checkout")} == asked.silent_slots


def test_an_empty_basket_at_checkout_goes_with_nothing() -> None:
    """There is no item that asks."""
    answer = till().serve(Story().check_out(slots=("checkout",)))

    assert Silence("no_candidate") == answer.silence


def test_after_the_purchase_nothing_is_offered_that_was_just_bought() -> None:
    """What goes with the order as a whole, beside its dearest item."""
    shop, story = till(), Story()
    for item in ("bread", "butter"):
        shop.serve(story.add(item))
    bought = story.order("bread", "butter", "jam", slots=("post_purchase",))
    offered = {item.item_id for item in by_slot(shop.serve(bought))["post_purchase"].items}

    assert offered
    assert offered.isdisjoint({"bread", "butter", "jam"})


def test_a_cap_in_one_slot_is_none_in_another() -> None:
    """And prompts for several slots of one event count each, where they share a budget."""
    shop, story = till(prompts_per_session_max=3, checkout_prompts_max=1), Story()
    both: tuple[Placement, ...] = ("product_page", "basket")
    first = shop.serve(story.view("bread", slots=both))
    second = shop.serve(story.view("bread", slots=both))
    shop.serve(story.add("bread", slots=()))
    at_checkout = shop.serve(story.check_out(slots=("checkout",)))
    again = shop.serve(story.check_out(slots=("checkout",)))

    assert [2, 1, 1, 0] == [
        len(each.outgoing_prompts) for each in (first, second, at_checkout, again)
    ]
    assert {"basket": Silence("session_cap")} == second.silent_slots
    assert Silence("session_cap") == again.silence


def test_a_pause_in_one_slot_is_none_in_another_and_each_has_its_length() -> None:
    """The pause is that of the slot's setting."""
    shop, story = till(cool_down_s=600.0, slot_cool_down_s=30.0), Story()
    shop.serve(story.add("bread"))
    answers = [shop.serve(story.check_out(slots=("checkout",), after_s=s)) for s in (1, 10, 20)]

    assert [None, Silence("cool_down"), None] == [each.silence for each in answers]


def test_what_was_shown_and_sent_away_in_a_slot_survives_a_checkpoint() -> None:
    """By the state alone: the pending prompts of a worker are gone with it."""
    shop, story = till(checkout_prompts_max=2, dismissals_max=2), Story()
    shop.serve(story.add("bread", slots=()))
    for _ in range(2):
        prompt = by_slot(shop.serve(story.check_out(slots=("checkout",))))["checkout"]
        shop.serve(story.dismiss(prompt))
    heir = shop.shop.new(shop.shop.settings)
    for name, part in heir.parts().items():
        part.restore(shop.shop.parts()[name].state())
    kept = heir.sessions[0].find("s1")
    shop.shop, own = heir, shop.shop.sessions[0].find("s1")
    asked = story.check_out(slots=("checkout",))

    assert kept is not None
    assert own is not None
    assert own.tallies == kept.tallies
    assert (2, 2) == (kept.tallies[0].shown, kept.tallies[0].dismissals)
    assert 0 == kept.shown == kept.dismissals
    assert Silence("dismissed") == shop.serve(asked).silence


def test_a_visit_without_slots_is_kept_as_it_always_was() -> None:
    """No field more in its state: who asks for no slot has the digest that it had."""
    shop, story = till(), Story()
    shop.serve(story.see(shop.prompt(story.view("bread"))))
    kept = shop.shop.sessions[0].find("s1")

    assert kept is not None
    assert kept.seen.latest_ms == kept.state()[-1]


def test_whose_first_question_is_at_checkout_is_assigned_there() -> None:
    """Held out, they get nothing there; and the outcome says in which context they asked."""
    who = next(f"s{n}" for n in range(100) if held_out(f"s{n}", share=0.5, salt="goeswith"))
    shop, story = till(holdout_share=0.5), Story(who)
    shop.serve(story.add("bread", slots=()))
    answer = shop.serve(story.check_out(slots=("checkout",)))

    assert Silence("holdout") == answer.silence
    assert ["assigned"] == [each.type for each in answer.unit_outcomes]
    assert "checkout/new" == answer.unit_outcomes[0].context  # type: ignore[union-attr]


def test_an_event_that_is_told_twice_has_one_silence() -> None:
    """However many slots it names."""
    shop, story = till(), Story()
    asked: Event = story.view("bread", slots=("product_page", "basket"))
    shop.serve(asked)

    assert (Silence("duplicate"),) == shop.serve(asked).silences


def test_feedback_of_one_prompt_of_an_event_is_none_of_the_other() -> None:
    """Each is shown, clicked, added from and withdrawn by itself."""
    shop, story = till(), Story()
    prompts = by_slot(shop.serve(story.view("bread", slots=("product_page", "basket"))))
    first, second = prompts["product_page"], prompts["basket"]
    shop.serve(story.see(first))
    shop.serve(story.see(second))
    added = shop.serve(story.add(first.items[0].item_id, receipt=first.receipt, slots=()))

    assert [(first.prompt_id, "added")] == [(o.prompt_id, o.stage) for o in added.outcomes]
    assert [first.prompt_id] == [gone.prompt_id for gone in added.withdrawals]


def test_slots_are_known_by_these_names() -> None:
    """They are a part of the contract, as the ids made of them are."""
    assert ("product_page", "basket", "checkout", "post_purchase", "upgrade") == PLACEMENTS


def test_a_cap_of_a_slot_follows_the_visitor_into_the_next_session() -> None:
    """As the shared one does: a new session id at sign-in is no new shopper."""
    shop, story = till(checkout_prompts_max=1), Story("s1", visitor_id="v1")
    shop.serve(story.add("bread", slots=()))
    shop.serve(story.see(by_slot(shop.serve(story.check_out(slots=("checkout",))))["checkout"]))
    shop.pending.forget()
    after = Story("s2", start_ms=story.now_ms, visitor_id="v1")
    shop.serve(after.add("butter", slots=()))

    assert Silence("session_cap") == shop.serve(after.check_out(slots=("checkout",))).silence


@pytest.mark.parametrize(
    ("prices", "anchor"),
    [
        ((300, 900, 500), "butter"),
        ((900, 900, 500), "butter"),
        ((0, None, None), "jam"),
        ((1, None, None), "bread"),
        ((None, None, None), "jam"),
    ],
)
def test_beside_an_order_stands_what_goes_with_its_dearest_item(
    prices: tuple[int | None, ...], anchor: str
) -> None:
    """Of equally dear ones the last; so where no price is told, too."""
    lines = tuple(
        OrderLine(item_id=item, price_minor=price)
        for item, price in zip(GOODS, prices, strict=False)
    )
    event = Story().order(lines=lines, currency="EUR", slots=("post_purchase",))

    assert anchor == till().prompt(event).anchor
