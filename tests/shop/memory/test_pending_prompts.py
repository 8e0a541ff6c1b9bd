"""What the owner of a partition remembers of what it said."""

import pytest

from streams.contract.schemas.examples import PROMPT
from streams.shop.memory.answer import OutgoingPrompt
from streams.shop.memory.pending_prompts import (
    PENDING_PER_SESSION_MAX,
    PendingPrompt,
    PendingPrompts,
)
from tests.stories import Story, Till


def said(number: int, session_id: str = "session-7") -> OutgoingPrompt:
    """A prompt for a session."""
    update = {"prompt_id": f"prompt-{number}", "session_id": session_id}
    return OutgoingPrompt.of(PROMPT.model_copy(update=update))


def test_a_note_holds_what_decides_about_other_prompts_and_no_more() -> None:
    """Evidence, receipt and propensities are the reader's: they weigh ten times as much."""
    pending = PendingPrompts()
    pending.add(said(1))

    (note,) = pending.of("session-7")
    assert PendingPrompt("prompt-1", ("butter",), *note[2:]) == note
    assert {"evidence", "receipt", "fields"}.isdisjoint(PendingPrompt._fields)


def test_the_latest_prompts_of_the_latest_sessions_are_remembered() -> None:
    """Both are bounded."""
    pending = PendingPrompts(sessions_max=2)
    for session_id in ("a", "b", "c"):
        for number in range(PENDING_PER_SESSION_MAX + 1):
            pending.add(said(number, session_id))

    assert () == pending.of("a")
    assert [f"prompt-{n}" for n in range(1, PENDING_PER_SESSION_MAX + 1)] == [
        note.prompt_id for note in pending.of("c")
    ]


def test_a_prompt_on_its_way_out_names_nothing_that_it_does_not_have() -> None:
    """Readers of the record see no field without a value."""
    outgoing = OutgoingPrompt.of(PROMPT.model_copy(update={"estimates": None}))

    assert "estimates" not in outgoing.fields
    assert b"null" not in outgoing.to_json()


@pytest.mark.parametrize("looks", ["fields", "to_json", "prompt"])
def test_a_prompt_is_put_together_once_when_somebody_looks_first(looks: str) -> None:
    """A round is written at once: between two decisions each would take twice as long."""
    till, story = Till(), Story()
    for item in ("bread", "butter"):
        till.serve(story.add(item))
    answer = till.serve(Story("another").view("bread"))
    outgoing = answer.outgoing_prompt
    assert outgoing is not None
    assert outgoing.write is not None

    whole = till.shop.decision.writer
    found = getattr(outgoing, looks)
    first = found() if callable(found) else found
    assert outgoing.write is None
    whole.texts = {}  # nothing could be written any more
    again = getattr(outgoing, looks)
    assert first == (again() if callable(again) else again)
    assert outgoing.fields["receipt"] == outgoing.prompt().receipt
