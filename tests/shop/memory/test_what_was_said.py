"""What the owner of a partition has said: whom it forgets, and what it takes back."""

from streams.contract.schemas.examples import PROMPT
from streams.shop.memory.answer import OutgoingPrompt
from streams.shop.memory.pending_prompts import PendingPrompts


def said(session_id: str, number: int = 1) -> OutgoingPrompt:
    """A prompt for a session."""
    update = {"prompt_id": f"{session_id}-{number}", "session_id": session_id}
    return OutgoingPrompt.of(PROMPT.model_copy(update=update))


def told(pending: PendingPrompts, session_id: str) -> list[str]:
    """The prompts that a session got."""
    return [note.prompt_id for note in pending.of(session_id)]


def test_the_session_spoken_to_longest_ago_is_forgotten_first() -> None:
    """Not the one that was spoken to first, and none as long as there is room."""
    pending = PendingPrompts(sessions_max=2)
    for session_id, number in (("a", 1), ("b", 1), ("a", 2)):
        pending.add(said(session_id, number))
    assert (["a-1", "a-2"], ["b-1"]) == (told(pending, "a"), told(pending, "b"))

    pending.add(said("c"))
    assert (["a-1", "a-2"], [], ["c-1"]) == tuple(told(pending, who) for who in "abc")


def test_what_is_withdrawn_was_never_said() -> None:
    """The others were; nor is a session begun by it."""
    pending = PendingPrompts()
    for number in (1, 2, 3):
        pending.add(said("a", number))
    pending.withdraw("a", {"a-2"})
    pending.withdraw("b", {"b-1"})

    assert ["a-1", "a-3"] == told(pending, "a")
    assert [] == told(pending, "b")


def test_who_loses_a_partition_has_said_nothing() -> None:
    """Somebody else speaks to its sessions now."""
    pending = PendingPrompts()
    pending.add(said("a"))
    pending.forget()

    assert [] == told(pending, "a")
