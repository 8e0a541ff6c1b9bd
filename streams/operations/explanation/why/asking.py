"""Why this prompt: it is looked for on its topic, and the log is folded up to its event."""

from typing import NamedTuple

from streams.clients.log_reader import open_reader
from streams.contract.errors import NotEnough
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.session_log import (
    PublishedAnswers,
    SessionEvent,
    SessionEvents,
    published_in,
)
from streams.operations.explanation.why.decided import Behind, behind
from streams.operations.explanation.why_not.asking import AtDecision, Standing, at_decision


class Why(NamedTuple):
    """The answer: the prompt, and what stood behind it."""

    prompt: Prompt
    at_ms: int
    """When the broker had the event that asked."""
    behind: Behind
    notes: tuple[str, ...]


DIFFERS = (
    "the arm that was drawn offers other items here: workers have other settings, were behind, or "
    "knew what is gone from the log"
)


def why(
    settings: Settings,
    prompt_id: str,
    standing: Standing,
    access: LogAccess,
) -> Why:
    """Why a prompt was what it was. Raises `NotEnough` where it, or its event, is on no topic.

    All prompts are looked through, each once: they are not held.
    """
    topic = settings.topics.prompts
    with open_reader(settings, topic) as reader:
        begins, ends = reader.begins(), reader.ends()
        records = sum(ends[at] - begins[at] for at in ends)
        with access.progress("looking for the prompt", records) as seen:
            prompt = None
            for record in reader.between(begins, ends):
                seen(1)
                if (prompt := published_in(record, prompt_id)) is not None:
                    break  # repeats come later: readers keep the first
    if prompt is None:
        raise NotEnough(
            f"prompt {prompt_id!r} is not on {topic}: is the id whole, and was it published to "
            "this Kafka, under this prefix? goeswith explain SESSION lists a session's"
        )
    return of_prompt(settings, prompt, standing, access)


def of_prompt(settings: Settings, prompt: Prompt, standing: Standing, access: LogAccess) -> Why:
    """The same of a prompt that was found."""

    def choose(log: SessionEvents, published: PublishedAnswers) -> tuple[SessionEvent, Placement]:
        return asked_by(log, published, prompt), prompt.placement

    return _told(at_decision(settings, prompt.session_id, choose, standing, access), prompt)


def why_in_session(
    settings: Settings,
    session_id: str,
    prompt_id: str,
    standing: Standing,
    access: LogAccess,
) -> Why:
    """The same where the session is known: nobody else's prompts are looked through."""

    def choose(log: SessionEvents, published: PublishedAnswers) -> tuple[SessionEvent, Placement]:
        return event_of(log, published, session_id, prompt_id)

    at = at_decision(settings, session_id, choose, standing, access)
    prompt = at.asked.prompt
    assert prompt is not None  # noqa: S101  # the decision was chosen by it
    return _told(at, prompt)


def _told(at: AtDecision, prompt: Prompt) -> Why:
    found = behind(at.shop, at.asked, prompt)
    return Why(prompt, at.at_ms, found, at.notes if found.agrees else (DIFFERS, *at.notes))


def event_of(
    log: SessionEvents, published: PublishedAnswers, session_id: str, prompt_id: str
) -> tuple[SessionEvent, Placement]:
    """The event of a session that a prompt answers, and its slot; raises `NotEnough`."""
    for event in log.events:
        for one in published.prompts.get(event.place, ()):
            if one.prompt_id == prompt_id:
                return event, one.placement
    raise NotEnough(
        f"session {session_id!r} has no prompt {prompt_id!r}, or the event that asked for it is "
        "gone from the log by retention"
    )


def asked_by(log: SessionEvents, published: PublishedAnswers, prompt: Prompt) -> SessionEvent:
    """The event that a prompt answers; raises `NotEnough` where it is gone."""
    for event in log.events:
        there = published.prompts.get(event.place, ())
        if any(one.prompt_id == prompt.prompt_id for one in there):
            return event
    raise NotEnough(
        f"the event {prompt.caused_by!r} of session {prompt.session_id!r}, which asked for this "
        "prompt, is gone from the log by retention: the prompt itself says what is left to say"
    )
