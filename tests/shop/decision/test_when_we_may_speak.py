"""Cap, cool-down and holdout at their edges: what counts as said, and from when a pause is."""

from typing import Any

import pytest

from streams.shop.memory.answer import Silence
from streams.shop.people.assignment import held_out
from tests.stories import Story, Till, received

CAPPED, COOLING, HELD_OUT = Silence("session_cap"), Silence("cool_down"), Silence("holdout")


def till(**settings: Any) -> Till:
    """A shop that has something to offer for every item but milk itself."""
    shop = Till(**settings)
    shop.teach("bread", "butter")
    shop.teach("milk", times=20)
    return shop


# The cap


def test_a_cap_of_nothing_is_silence() -> None:
    """From the first event on."""
    assert CAPPED == till(prompts_per_session_max=0).serve(Story().view("bread")).silence


def test_a_prompt_that_was_said_and_then_shown_counts_once() -> None:
    """Two prompts, one of them seen: there is room for a third."""
    shop, story = till(prompts_per_session_max=3), Story()
    shop.serve(story.see(shop.prompt(story.view("bread"))))
    shop.prompt(story.view("bread"))

    assert shop.serve(story.view("bread")).prompt
    assert CAPPED == shop.serve(story.view("bread")).silence


def test_the_visits_first_event_counts_like_any_other() -> None:
    """What it got was said in this visit."""
    shop, story = till(prompts_per_session_max=1), Story()
    shop.prompt(story.view("bread"))

    assert CAPPED == shop.serve(story.view("bread")).silence


def test_what_was_said_before_a_pause_does_not_count() -> None:
    """It is another visit."""
    shop, story = till(prompts_per_session_max=1), Story()
    shop.prompt(story.view("bread"))

    assert shop.serve(story.view("bread", after_s=1801)).prompt


def test_who_answers_an_event_again_says_the_same_again() -> None:
    """After a takeover, say: the prompt of this very event is no reason against it."""
    shop, story = till(prompts_per_session_max=1, cool_down_s=60.0), Story()
    offset, event = shop.shop.position[0], story.view("bread")
    first = shop.prompt(event)
    second = shop.ask(event, offset).prompt

    assert second is not None
    assert first.prompt_id == second.prompt_id


# The cool-down


@pytest.mark.parametrize(("early_ms", "silence"), [(0, None), (1, COOLING)])
def test_a_cool_down_ends_with_its_last_millisecond(early_ms: int, silence: Silence | None) -> None:
    """Ten seconds after what was said."""
    shop, story = till(cool_down_s=10.0), Story()
    shop.prompt(story.view("bread"))

    assert silence == shop.serve(story.view("bread", after_s=10 - early_ms / 1000)).silence


def test_the_pause_begins_when_the_latest_prompt_was_said_or_shown() -> None:
    """A prompt that is shown late, and one that is said after another was shown."""
    shop, story = till(cool_down_s=10.0), Story()
    late = shop.prompt(story.view("bread"))
    shop.serve(story.see(late, after_s=9))
    assert COOLING == shop.serve(story.view("bread", after_s=9)).silence

    shop.prompt(story.view("bread", after_s=1))
    assert COOLING == shop.serve(story.view("bread", after_s=9)).silence


def test_what_was_said_and_not_shown_yet_cools_down_beside_what_is_shown_later() -> None:
    """The first prompt is shown after the second was said: the later of the two counts."""
    shop, story = till(cool_down_s=10.0), Story()
    first = shop.prompt(story.view("bread"))
    shop.prompt(story.view("bread", after_s=10))
    shop.serve(story.see(first, after_s=5))

    assert COOLING == shop.serve(story.view("bread", after_s=6)).silence
    assert shop.serve(story.view("bread", after_s=4)).prompt


def test_the_pause_begins_when_a_prompt_was_seen_not_when_we_hear_of_it() -> None:
    """Two prompts are seen; what tells of the earlier one comes later."""
    shop, story = till(cool_down_s=0.0), Story()
    first, second = (shop.prompt(story.view("bread")) for _ in range(2))
    shop.serve(story.see(second, after_s=30))
    shop.serve(story.see(first, after_s=-20))
    session = shop.shop.sessions[0].find("s1")

    assert session is not None
    assert story.now_ms + 20_000 == session.last_shown_ms


def test_without_a_cool_down_two_events_at_once_are_both_answered() -> None:
    """Nothing is a pause of no length."""
    shop, story = till(cool_down_s=0.0), Story()
    shop.prompt(story.view("bread"))

    assert shop.serve(story.view("bread", after_s=0)).prompt
    assert shop.serve(story.view("bread", after_s=-30)).prompt  # one that comes late, as well


def test_an_event_from_before_the_latest_prompt_may_not_break_the_silence() -> None:
    """It comes late, but not too late: the pause is not over by then."""
    shop, story = till(cool_down_s=10.0), Story()
    shop.prompt(story.view("bread", after_s=60))

    assert COOLING == shop.serve(story.view("bread", after_s=-30)).silence


# Lateness


@pytest.mark.parametrize(("late_ms", "silence"), [(0, None), (1, Silence("late"))])
def test_an_event_is_late_from_a_millisecond_behind_the_bound(
    late_ms: int, silence: Silence | None
) -> None:
    """By the broker's time: two minutes where the sender says when it sent it, else a day."""
    shop, story = till(lateness_s=120.0, clock_skew_s_max=86_400.0), Story()
    unsaid = received(story.view("bread"), delay_s=86_400 + late_ms / 1000)
    sent: dict[str, Any] = {"schema_version": 2, "sent_at_ms": story.now_ms + 121_000 + late_ms}
    said = received(story.view("bread", **sent), delay_s=500)

    assert [silence] * 2 == [shop.serve(event).silence for event in (unsaid, said)]


def test_the_clocks_of_others_make_nobody_late() -> None:
    """An event of a device that is behind the others on its partition is answered."""
    shop, story = till(), Story()
    shop.serve(Story("other", start_ms=story.now_ms + 600_000).view("toast"))

    assert shop.prompt(story.view("bread"))


def test_only_living_prompts_count_for_cap_and_pause() -> None:
    """What nobody was shown until it expired does not silence what comes after it."""
    shop, story = till(prompts_per_session_max=1, cool_down_s=900.0, prompt_ttl_s=60.0), Story()
    first = shop.prompt(story.view("bread"))

    assert CAPPED == shop.serve(story.view("bread", after_s=59)).silence
    assert first != shop.prompt(story.view("bread", after_s=1))


def test_how_long_a_prompt_lives_is_told_from_when_its_event_was_received() -> None:
    """A clock that is behind does not end a prompt before it is there."""
    shop, story = till(prompt_ttl_s=60.0), Story()
    event = story.view("bread")
    prompt = shop.prompt(received(event, delay_s=150.0))

    assert event.occurred_at_ms == prompt.occurred_at_ms
    assert event.occurred_at_ms + 210_000 == prompt.expires_at_ms


# The holdout


def test_a_session_is_held_out_in_every_visit_or_in_none() -> None:
    """Whoever signs in or out: it is the visitor, or the session, that is drawn."""
    shop = till(holdout_share=0.5, lateness_s=1e6)
    sessions = [Story(f"s{number}") for number in range(40)]
    visits = [
        {
            shop.serve(story.view("bread", shopper_id=who, after_s=3600)).silence
            for who in (None, f"shopper of {story.session_id}", "ann", None)
        }
        for story in sessions
    ]

    assert {frozenset({HELD_OUT}), frozenset({None})} == set(map(frozenset, visits))


def test_another_salt_draws_another_holdout() -> None:
    """A new experiment has its own."""
    silences = [
        [
            till(holdout_share=0.5, holdout_salt=salt).serve(Story(f"s{n}").view("bread")).silence
            for n in range(12)
        ]
        for salt in ("one", "two")
    ]

    assert silences[0] != silences[1]


def test_a_salt_may_be_as_long_as_one_likes() -> None:
    """And its end counts up to what a keyed hash takes: 64 bytes."""
    draws = [
        [held_out(f"shopper-{n}", share=0.5, salt=salt) for n in range(64)]
        for salt in ("x" * 63 + "a", "x" * 63 + "b", "x" * 200)
    ]

    assert draws[0] != draws[1]
    assert True in draws[2]
    assert False in draws[2]
