"""The prompts that may be shown now."""

from streams.contract.published.prompts import PromptWithdrawn
from streams.contract.schemas.examples import PROMPT, PROMPT_WITHDRAWN
from streams.shop.memory.answer import Answer, OutgoingPrompt, Silence
from streams.views.current_prompts import PROMPTS_MAX, WITHDRAWN_MAX, CurrentPrompts

NOW_MS = PROMPT.occurred_at_ms


def said(
    number: int, session_id: str = "session-7", expires_at_ms: int = NOW_MS + 1
) -> OutgoingPrompt:
    """A prompt of its own."""
    prompt = PROMPT.model_copy(
        update={
            "prompt_id": f"prompt-{number}",
            "session_id": session_id,
            "expires_at_ms": expires_at_ms,
        }
    )
    return OutgoingPrompt.of(prompt)


def withdrawn(number: int) -> PromptWithdrawn:
    """The withdrawal of a prompt."""
    return PROMPT_WITHDRAWN.model_copy(update={"prompt_id": f"prompt-{number}"})


def ids(current: CurrentPrompts, session_id: str = "session-7") -> list[str]:
    """What is current, by id."""
    return [prompt.prompt_id for prompt in current.of(session_id, NOW_MS)]


def test_a_session_has_its_last_four_prompts() -> None:
    """Few, and the newest."""
    current = CurrentPrompts()
    for number in range(6):
        current.add(Answer(outgoing_prompt=said(number)))

    assert 4 == PROMPTS_MAX
    assert ["prompt-2", "prompt-3", "prompt-4", "prompt-5"] == ids(current)


def test_withdrawn_and_expired_prompts_are_not_current() -> None:
    """Whichever comes first."""
    current = CurrentPrompts()
    gone = withdrawn(1)
    for answer in (
        Answer(outgoing_prompt=said(1)),
        Answer(outgoing_prompt=said(2, expires_at_ms=NOW_MS)),
        Answer(withdrawals=(gone,), outgoing_prompt=said(3)),
    ):
        current.add(answer)

    assert ["prompt-3"] == ids(current)


def test_a_repeated_prompt_is_held_once() -> None:
    """Answers after a restart come under the same ids."""
    current = CurrentPrompts()
    for number in (1, 2, 1):
        current.add(Answer(outgoing_prompt=said(number)))

    assert ["prompt-1", "prompt-2"] == ids(current)


def test_sessions_spoken_to_longest_ago_leave_first() -> None:
    """The memory is bounded."""
    current = CurrentPrompts(sessions_max=2)
    for number, session_id in enumerate(("a", "b", "a", "c")):
        current.add(Answer(outgoing_prompt=said(number, session_id)))

    assert [2, 0, 1] == [len(ids(current, session_id)) for session_id in ("a", "b", "c")]


def test_silence_changes_no_session() -> None:
    """So nothing is written."""
    assert CurrentPrompts().add(Answer(silence=Silence("cool_down"))) is None


def test_a_session_leaves_when_its_last_prompt_has_expired() -> None:
    """As soon as anybody is spoken to later: nothing is held that nobody may be shown."""
    current = CurrentPrompts()
    current.add(Answer(outgoing_prompt=said(1, "a", expires_at_ms=NOW_MS)))
    late = said(2, "b", expires_at_ms=NOW_MS + 2)
    late.occurred_at_ms = NOW_MS
    current.add(Answer(outgoing_prompt=late))

    before_it_expired = NOW_MS - 1
    assert () == current.of("a", before_it_expired)
    assert ["prompt-2"] == ids(current, "b")


def test_a_prompt_that_was_withdrawn_pushes_none_out_when_it_is_published_again() -> None:
    """A session's four prompts are the same, however often a worker says everything again."""
    published = [
        *(Answer(outgoing_prompt=said(number)) for number in range(1, 6)),
        Answer(withdrawals=(withdrawn(3),)),
        Answer(outgoing_prompt=said(6)),
    ]
    once, again = CurrentPrompts(), CurrentPrompts()
    for answer in published:
        once.add(answer)
    for answer in published * 2:
        again.add(answer)

    assert ["prompt-2", "prompt-4", "prompt-5", "prompt-6"] == ids(once) == ids(again)


def test_a_prompt_that_was_pushed_out_before_it_was_withdrawn_stays_withdrawn() -> None:
    """A worker that takes over publishes it again; the withdrawal may be behind it by then."""
    current = CurrentPrompts()
    for number in range(PROMPTS_MAX + 1):
        current.add(Answer(outgoing_prompt=said(number)))
    current.add(Answer(withdrawals=(withdrawn(0),)))
    current.add(Answer(withdrawals=(withdrawn(4),)))
    current.add(Answer(outgoing_prompt=said(0)))

    assert ["prompt-1", "prompt-2", "prompt-3"] == ids(current)


def test_withdrawals_of_sessions_that_are_not_held_are_not_kept() -> None:
    """The memory is bounded by the sessions that have something to show."""
    current = CurrentPrompts()
    current.add(Answer(withdrawals=(withdrawn(1),)))
    current.add(Answer(outgoing_prompt=said(1)))

    assert ["prompt-1"] == ids(current)


def test_so_many_withdrawals_of_a_session_are_remembered() -> None:
    """A long session does not fill the memory."""
    current = CurrentPrompts()
    for number in range(WITHDRAWN_MAX + 1):
        current.add(Answer(outgoing_prompt=said(number)))
        current.add(Answer(withdrawals=(withdrawn(number),)))

    for number in (0, 1):
        current.add(Answer(outgoing_prompt=said(number)))

    assert ["prompt-0"] == ids(current)
