"""The page of prompts: the newest, found by what they hold; and the story of a session."""

import pytest

from streams.operations.console.watching.prompts import AT_ONCE
from streams.operations.explanation.story import Story
from tests.operations.console.eyes import HOSTILE, Eyes, prompt


async def test_the_newest_prompts_come_first(eyes: Eyes) -> None:
    """With whom they are for, what they offer and why, and how likely it was."""
    eyes.publish(*(prompt(n) for n in range(60)))
    eyes.look()
    async with eyes.client() as http:
        said = (await http.get("/prompts")).text
        told = (await http.get("/api/prompts")).json()["prompts"]

    assert said.index("session-59") < said.index("session-50")
    assert "Often bought together with bread" in said
    assert "0.72" in said
    assert "receipt" not in told[0]


async def test_prompts_are_found_by_what_they_hold(eyes: Eyes) -> None:
    """A part of a session, an item or an arm, in any case; nothing found is said."""
    eyes.publish(prompt(1), prompt(2, anchor="Marmalade"))
    eyes.look()
    async with eyes.client() as http:
        found = (await http.get("/prompts", params={"like": "marma"})).text
        none = (await http.get("/prompts", params={"like": HOSTILE})).text

    assert "session-2" in found
    assert "session-1<" not in found
    assert "None of the newest prompts has &lt;script&gt;" in none


async def test_items_and_sessions_are_text(eyes: Eyes) -> None:
    """Also in the link to the story."""
    eyes.publish(prompt(1, session_id=HOSTILE, anchor=HOSTILE))
    eyes.look()
    async with eyes.client() as http:
        said = (await http.get("/prompts")).text

    assert "<script>alert" not in said
    assert "/prompts?session=%3Cscript%3E" in said


async def test_a_flood_is_read_at_its_end_alone(eyes: Eyes) -> None:
    """What cannot be read is passed over; of what was not read, as little counts as a prompt."""
    eyes.look()
    eyes.prompts.say(*[b"{"] * 10_000)
    eyes.publish(prompt(7))
    eyes.now_s += 2
    eyes.look()
    seen = eyes.sources.prompts.reading.value

    assert seen is not None
    assert AT_ONCE == eyes.prompts.read
    assert ["session-7"] == [one.prompt.session_id for one in seen.newest]
    assert 10_001 / AT_ONCE / 2 == pytest.approx(seen.per_s)


async def test_a_topic_that_was_made_anew_is_read_from_its_end(eyes: Eyes) -> None:
    """No rate is made of the two."""
    eyes.publish(*(prompt(n) for n in range(60)))
    eyes.look()
    eyes.prompts.records = []
    eyes.publish(prompt(99))
    for _ in range(2):  # one look alone may be a new leader's
        eyes.now_s += 2
        eyes.look()
    seen = eyes.sources.prompts.reading.value

    assert seen is not None
    assert "session-99" == seen.newest[0].prompt.session_id
    assert seen.per_s is None


async def test_a_story_is_looked_up_beside_the_request(eyes: Eyes) -> None:
    """The page says what is being done, then tells; another look is one on demand alone."""
    eyes.know("session-7", Story("session-7", (0,), (), 3, ("a note",)))
    async with eyes.client() as http:
        waits = (await http.get("/prompts", params={"session": "session-7"})).text
        eyes.sources.lookups.look()
        told = (await http.get("/prompts", params={"session": " session-7 "})).text
        again = await http.get("/prompts", params={"session": "session-7", "again": ""})

    assert "Waiting for its turn" in waits
    assert "3 earlier events are left out" in told
    assert "A note" in told
    assert "Waiting for its turn" in again.text


async def test_a_session_that_cannot_be_told_says_why(eyes: Eyes) -> None:
    """And what was asked is text."""
    async with eyes.client() as http:
        await http.get("/prompts", params={"session": HOSTILE})
        eyes.sources.lookups.look()
        said = (await http.get("/prompts", params={"session": HOSTILE})).text
        api = (await http.get("/api/prompts", params={"session": HOSTILE})).json()

    assert "No broker answered" in said
    assert "<script>alert" not in said
    assert "no broker answered" == api["trouble"]
