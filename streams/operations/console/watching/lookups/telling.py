"""How each kind of question is answered: by what the commands do, within bounds for a page."""

import time
from collections.abc import Callable
from functools import partial

from streams.contract.settings import Settings
from streams.operations.console.watching.lookups.lookups import SoFar, Telling
from streams.operations.console.watching.lookups.questions import (
    Answer,
    Question,
    StoryAsked,
    WhyAsked,
)
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.followed import FollowedLog
from streams.operations.explanation.log.progress import Progress
from streams.operations.explanation.story import check_length, story_of
from streams.operations.explanation.why.asking import why, why_in_session
from streams.operations.explanation.why_not.asking import Standing, why_not
from streams.operations.explanation.why_not.command import standing

STORY_HOURS = 24
"""So far back a session is looked for first."""
EVENTS_MAX = 50
"""So many events of a session are told, the latest."""
SESSION_EVENTS_MAX = 2_000
"""A longer session is no shopper's, and each of its events is a fold by itself."""


def telling(
    settings: Settings, followed: FollowedLog, clock_s: Callable[[], float] = time.time
) -> Telling:
    """What answers questions of a shop's log, in Kafka.

    A short log is read once for all; one that is followed is read and folded from its last minutes.
    """

    def tell(question: Question, progress: Progress, so_far: SoFar) -> Answer:
        check = partial(check_length, question.in_terminal, SESSION_EVENTS_MAX)
        access = LogAccess(progress, followed.open, check, followed.begin)
        if isinstance(question, StoryAsked):
            since_ms = int(1000 * (clock_s() - 3600 * STORY_HOURS))
            given = question.session_id, EVENTS_MAX, access, so_far
            return story_of(settings, *given, since_ms=since_ms)
        now = _standing(settings, progress)
        if not isinstance(question, WhyAsked):
            asked_of = question.session_id, question.item_id, question.slot
            return why_not(settings, *asked_of, now, access)
        if question.session_id:
            asked = question.session_id, question.prompt_id
            return why_in_session(settings, *asked, now, access)
        return why(settings, question.prompt_id, now, access)

    return tell


def _standing(settings: Settings, progress: Progress) -> Standing:
    with progress("reading catalogue and controls", 0) as advance:
        return standing(settings, quiet=True, advance=advance)
