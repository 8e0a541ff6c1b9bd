"""What a replay takes for the answer to an event."""

from streams.contract.events import Event
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.lab.replay.answers import Answers
from tests.stories import Story


def prompt_for(event: Event) -> bytes:
    """The record of a prompt that an event caused."""
    update = {"session_id": event.session_id, "caused_by": event.event_id}
    return PROMPT.model_copy(update=update).to_json()


async def test_an_answer_is_for_the_session_that_asked() -> None:
    """Two sessions may call their events alike."""
    answers = Answers(Settings(), check=lambda: None)
    ann, bob = (Story(name).view("bread", event_id="1") for name in ("ann", "bob"))
    for_ann, for_bob = answers.expect(ann, 0), answers.expect(bob, 0)
    answers._arrived(prompt_for(bob), timestamp_ms=1)

    assert for_bob.done()
    assert not for_ann.done()
    prompt = for_bob.result()
    assert prompt is not None
    assert "bob" == prompt.session_id
