"""What is forgotten is not counted again, and what is remembered still counts."""

from typing import Any

from streams.contract.events import PromptShown
from streams.contract.receipts import Receipt, Receipts
from streams.contract.schemas.examples import PROMPT
from streams.shop.memory.session import IMPRESSIONS_MAX, Session
from streams.shop.state import restore
from tests.stories import NOON_MS, OPEN, Story, Till


def receipt(number: int, session: str = "s1") -> Receipt:
    """Of a prompt that was made so many seconds after noon."""
    at_ms = NOON_MS + 1000 * number
    about = f"p{number}", session, "a", "basket/new", 0.5, 0.1, ("butter",)
    return Receipt(*about, at_ms, at_ms + 60_000)


def see(story: Story, number: int, **more: Any) -> PromptShown:
    """That prompt was seen in the story's session."""
    token = Receipts(OPEN["receipt_secret"]).seal(receipt(number, story.session_id))
    return story.see(PROMPT.model_copy(update={"receipt": token}), **more)


def test_a_session_without_prompts_that_leaves_makes_nothing_of_another_one_forgotten() -> None:
    """A partition never takes back what it has forgotten: the prompt would count twice."""
    shop, ann, bob = Till(sessions_max=2), Story("ann"), Story("bob")
    shop.serve(bob.view("tea"))
    assert ["shown"] == [one.stage for one in shop.serve(see(ann, 9)).outcomes]
    shop.serve(bob.view("milk"))
    for number in range(3):  # ann has to leave, and then bob, who never saw a prompt
        shop.serve(Story(f"other-{number}").view("tea"))
    again = shop.serve(see(ann, 9))

    assert () == again.outcomes
    assert again.rejected is not None
    assert "receipt_forgotten" == again.rejected.reason


def test_a_session_never_takes_back_what_it_has_forgotten() -> None:
    """Though an older impression is forgotten after a newer one."""
    shop, story = Till(), Story()
    session = Session("s1", NOON_MS, NOON_MS, forgotten=(NOON_MS + 99_000, "p99"))
    for number in range(IMPRESSIONS_MAX + 1):
        shop.serve(see(story, number))
        shown = shop.shop.sessions[0].find("s1")
        assert shown is not None
        session.remember(shown.impressions[f"p{number}"])

    assert IMPRESSIONS_MAX == len(session.impressions)
    assert (NOON_MS + 99_000, "p99") == session.forgotten


def test_of_an_old_full_session_even_the_oldest_impression_still_counts() -> None:
    """It is remembered: a dismissal of it is one."""
    shop, story = Till(), Story()
    for number in range(IMPRESSIONS_MAX):
        shop.serve(see(story, number))
    state = shop.shop.state()
    watermark, (session,) = state["sessions"]["0"]
    state["sessions"]["0"] = [watermark, [[*session[:13], 2, *session[14:16]]]]
    woken = Till()
    restore(woken.shop.parts(), state)
    token = see(story, 0).receipt
    answer = woken.serve(story.dismiss(PROMPT.model_copy(update={"receipt": token})))

    assert answer.rejected is None
    assert ["dismissed"] == [outcome.stage for outcome in answer.outcomes]
