"""When we are silent, and what is never offered: each guard by one short story."""

import pytest

from streams.shop.decision.guards import Budget, pause_left_ms
from streams.shop.memory.answer import Silence
from streams.shop.people.assignment import held_out
from tests.stories import Story, Till, received


def till(**settings: object) -> Till:
    """A shop that has seen bread bought with butter, and with jam."""
    shop = Till(**settings)
    shop.teach("bread", "butter")
    shop.teach("bread", "jam", times=5)
    return shop


def test_what_is_in_the_basket_is_never_offered() -> None:
    """Whatever the arm, no item of the basket comes back, nor the item that asked."""
    shop, story = till(), Story()
    shop.serve(story.add("butter"))
    offered = {item.item_id for item in shop.prompt(story.add("bread")).items}

    assert offered
    assert offered.isdisjoint({"butter", "bread"})


def test_what_was_just_bought_is_not_offered_again() -> None:
    """Neither in this session, nor to the same shopper in the next one."""
    shop, morning = till(), Story("morning", shopper_id="ann")
    for item in ("bread", "butter"):
        shop.serve(morning.add(item))
    shop.serve(morning.order("bread", "butter"))
    after = shop.serve(morning.view("toast"))
    noon = Story("noon", start_ms=morning.now_ms + 7_200_000, shopper_id="ann")
    later = shop.serve(noon.view("bread"))
    for answer in (after, later):
        items = {item.item_id for item in answer.prompt.items} if answer.prompt else set()
        assert items.isdisjoint({"bread", "butter"})


def test_a_prompt_has_three_items_at_most() -> None:
    """Few and fitting."""
    shop = Till()
    shop.teach("bread", "butter", "jam", "honey", "cheese", "ham")

    assert 3 == len(shop.prompt(Story().add("bread")).items)


def test_a_late_event_is_learned_and_stays_silent() -> None:
    """What the broker got late changes the basket, but nobody is waiting for a prompt."""
    shop, story = till(), Story()
    answer = shop.serve(received(story.add("bread"), delay_s=2 * 86_400))

    assert Silence("late") == answer.silence
    assert {"bread": 1} == shop.shop.sessions[0].find("s1").basket  # type: ignore[union-attr]


def test_at_checkout_we_are_quiet_until_the_basket_changes() -> None:
    """Nothing comes between a shopper and the till."""
    shop, story = till(), Story()
    shop.serve(story.check_out())

    assert Silence("checkout") == shop.serve(story.view("bread")).silence
    assert shop.serve(story.add("bread")).prompt


def test_the_session_cap_counts_what_was_said_and_what_was_shown() -> None:
    """After so many prompts a session is left alone, shown or not."""
    shop, story = till(prompts_per_session_max=2), Story()
    shop.serve(story.see(shop.prompt(story.view("bread"))))
    shop.prompt(story.view("bread"))

    assert Silence("session_cap") == shop.serve(story.view("bread")).silence


def test_the_cool_down_doubles_with_each_dismissal() -> None:
    """Who sends a prompt away is asked half as often."""
    shop, story = till(cool_down_s=10.0), Story()
    prompt = shop.prompt(story.view("bread"))
    assert Silence("cool_down") == shop.serve(story.view("bread", after_s=9)).silence

    shop.serve(story.see(prompt))
    shop.serve(story.dismiss(prompt))
    assert Silence("cool_down") == shop.serve(story.view("toast", after_s=15)).silence
    assert shop.serve(story.view("toast", after_s=6)).prompt


def test_where_no_pause_is_asked_for_none_is_left() -> None:
    """Not even for an event whose clock is behind that of the prompt before."""
    event = Story().view("bread")
    later_ms = event.occurred_at_ms + 5_000
    without = Budget(1, later_ms, dismissals=0, prompts_max=4, cool_down_s=0.0)

    assert pause_left_ms(event, [later_ms], without) <= 0
    assert 6_000 == pause_left_ms(event, [later_ms], without._replace(cool_down_s=1.0))


def test_what_was_sent_away_is_not_offered_again() -> None:
    """No is no, for the rest of the session."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.view("bread"))
    shop.serve(story.see(prompt))
    shop.serve(story.dismiss(prompt))
    answer = shop.serve(story.view("bread"))
    again = {item.item_id for item in answer.prompt.items} if answer.prompt else set()

    assert again.isdisjoint({item.item_id for item in prompt.items})


def test_after_three_dismissals_the_session_is_left_alone() -> None:
    """Annoyance has a budget."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter", "jam", "honey", "cheese", "ham", "tea", "milk", "eggs", "oats")
    for _ in range(3):
        prompt = shop.prompt(story.view("bread"))
        shop.serve(story.dismiss(prompt))

    assert Silence("dismissed") == shop.serve(story.view("bread")).silence


def test_staples_are_withheld_when_asked_for() -> None:
    """People buy them anyway: offering them earns nothing."""
    shop, story = till(staples_withheld=1), Story()
    answer = shop.serve(story.view("butter"))

    assert ["bread"] == shop.shop.learned.popularity.top(1)
    assert "bread" not in {item.item_id for item in answer.prompt.items}  # type: ignore[union-attr]


def test_nothing_known_is_silence() -> None:
    """The first event of a new shop gets no junk."""
    assert Silence("no_candidate") == Till().serve(Story().view("bread")).silence


def test_a_pair_met_once_is_not_called_often_bought_together() -> None:
    """Evidence has a minimum."""
    shop = Till()
    shop.teach("bread", "butter", times=1)
    prompt = shop.prompt(Story().add("bread"))

    assert "popular" == prompt.arm


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_holdout_is_sticky_and_of_its_share(share: float) -> None:
    """The same shopper always, and about so many: binomial, 6 sigma of 20,000 draws."""
    held = [held_out(f"shopper-{n}", share=share, salt="salt") for n in range(20_000)]

    assert held == [held_out(f"shopper-{n}", share=share, salt="salt") for n in range(20_000)]
    assert abs(sum(held) / 20_000 - share) < 6 * (share * (1 - share) / 20_000) ** 0.5


def test_the_holdout_gets_no_prompts() -> None:
    """So that what prompts are worth can be measured."""
    shop = till(holdout_share=1.0)

    assert Silence("holdout") == shop.serve(Story().view("bread")).silence


def test_a_prompt_of_the_visit_before_is_none_of_this_one() -> None:
    """Though it may still be shown: neither cap nor pause counts it."""
    hours_s = 7_200.0
    shop = till(prompts_per_session_max=1, cool_down_s=hours_s, prompt_ttl_s=hours_s)
    story = Story()
    shop.prompt(story.view("bread"))
    assert Silence("session_cap") == shop.serve(story.view("bread")).silence

    assert shop.serve(story.view("bread", after_s=1_801)).prompt
