"""A storefront asks what became of its events: prompts, silences and dead letters."""

from typing import Any

import pytest
from pydantic import SecretStr

from streams.contract.events import Event, encode
from streams.shop.people.assignment import held_out
from tests.integration.operators import Operator
from tests.scenarios.storefront import Storefront
from tests.stories import Story

SHARE, SALT, PAUSE_S = 0.5, "explained", 60.0


@pytest.fixture
def street(street: dict[str, Any]) -> dict[str, Any]:
    """A shop that is polite, in which half of all sessions are held out."""
    return {**street, "holdout_share": SHARE, "holdout_salt": SALT, "cool_down_s": PAUSE_S}


def session(name: str, *, held: bool) -> str:
    """An id of a session that is held out, or of one that is not."""
    ids = (f"{name}-{number}" for number in range(100))
    return next(who for who in ids if held_out(who, share=SHARE, salt=SALT) == held)


def explained(storefront: Storefront, session_id: str) -> list[dict[str, Any]]:
    """What is said of each event, in order, when the workers are through."""
    keyless = storefront.settings.model_copy(update={"receipt_secret": SecretStr("")})
    operator = Operator(keyless)
    storefront.wait_for(lambda: operator.asks("lag")["lag_events"] == 0, "commit")
    said = operator.asks("explain", session_id)
    assert session_id == said["session_id"]
    return list(said["events"])


def test_each_event_of_a_session_is_told_what_became_of_it(
    storefront: Storefront, now_ms: int
) -> None:
    """The prompt and how far it got, the pause and what is left of it, the letter and its id."""
    past, story = (Story(session(name, held=False), start_ms=now_ms) for name in ("past", "ann"))
    storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    bread = story.add("bread")
    storefront.send(bread)
    prompt = storefront.answer_to(bread)
    events: list[Event] = [
        bread,
        story.see(prompt),
        story.click(prompt),
        story.add("jam", after_s=9),
    ]
    events += [story.add("tea", receipt="Zm9yZ2Vk"), bread]
    storefront.send(*events[1:])
    storefront.send_raw(b"another", encode(story.view("milk", event_id="misdirected")))
    storefront.wait_for(lambda: len(storefront.dead_letters()) == 2, "dead letter of each kind")
    told = explained(storefront, story.session_id)
    (lost,) = (event for event in told if event["event_id"] == "misdirected")
    told.remove(lost)
    asked, seen, clicked, paused, forged, repeated = told

    assert [event.event_id for event in events] == [event["event_id"] for event in told]
    assert prompt.model_dump(mode="json", exclude_none=True) == asked["prompt"]
    assert ["shown", "clicked"] == [stage["stage"] for stage in asked["stages"]]
    assert ("learned", "shown") == (seen["became"], seen["brought"][0]["stage"])
    assert ("learned", "clicked") == (clicked["became"], clicked["brought"][0]["stage"])
    assert ("silence", "cool_down") == (paused["became"], paused["silence"]["reason"])
    assert f"{PAUSE_S - 10:.1f} s of it were left" in paused["silence"]["why"]
    assert ("silence", "receipt_unreadable") == (forged["became"], forged["dead_letter"]["reason"])
    assert ("silence", "duplicate") == (repeated["became"], repeated["silence"]["reason"])
    assert ("dead_letter", "wrong_key") == (lost["became"], lost["dead_letter"]["reason"])
    operator = Operator(storefront.settings)
    letter = operator.types("dead-letters", "show", lost["dead_letter"]["id"])
    assert "misdirected" in letter.output

    behind = operator.asks("why", prompt.prompt_id)
    drawn = next(arm for arm in behind["arms"] if arm["arm"] == prompt.arm)
    assert behind["agrees"]
    assert prompt.reason.text == behind["prompt"]["reason"]["text"]
    assert prompt.items[0].item_id == drawn["candidates"][0]["item"]
    nobodys = operator.types("why", "0" * 24)
    assert (1, True) == (nobodys.exit_code, "is not on" in nobodys.output)


def test_silences_that_look_the_same_are_told_apart(storefront: Storefront, now_ms: int) -> None:
    """Nothing known yet, the holdout, a worker that is away; a session of nobody is an error."""
    first = Story(session("first", held=False), start_ms=now_ms)
    held = Story(session("held", held=True), start_ms=now_ms)
    storefront.send(Story("earlier", start_ms=now_ms).check_out())
    explained(storefront, "earlier")  # a worker that starts knows all that the log holds
    storefront.send(first.view("soap"))
    (unknown,) = explained(storefront, first.session_id)
    storefront.send(held.view("bread"))  # which is popular from then on
    (out,) = explained(storefront, held.session_id)

    assert "no_candidate" == unknown["silence"]["reason"]
    assert "holdout" == out["silence"]["reason"]
    assert held.session_id in out["silence"]["why"]
    assert "50.0%" in out["silence"]["why"]

    assert 0 == storefront.worker.stop()
    tea = held.view("tea")
    storefront.send_raw(held.session_id.encode(), encode(tea))
    operator = Operator(storefront.settings)
    events = operator.asks("explain", held.session_id)["events"]
    assert ["silence", "waiting"] == [event["became"] for event in events]
    words = operator.types("explain", held.session_id).output
    assert "silence, holdout" in words
    assert "no worker has answered it yet" in words

    nobody = operator.types("explain", "nobody")
    assert 1 == nobody.exit_code
    assert "no event of session 'nobody'" in nobody.output
