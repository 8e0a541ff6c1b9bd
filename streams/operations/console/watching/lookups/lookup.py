"""What a page is told of a question: how far it is, the answer, or why there is none."""

from typing import NamedTuple

from streams.operations.console.watching.lookups.questions import Answer, Question

WAITING_MAX = 4
ANSWER_S, TROUBLE_S = 300.0, 30.0
"""So long an answer is told, and that there was none."""
CANCELLED = "it was cancelled"
FULL = f"{WAITING_MAX} look-ups wait already: try again in a minute"
WAITING_EACH = 2
"""Of these, of one visitor: a prompt's why, and the why not that is asked on the same page."""
YOURS_WAITS = "two questions of yours wait for their turn: try again once one has had it"
UNBEGUN = "it is not looked up by itself: the address came from another site, or it is long ago"


class Lookup(NamedTuple):
    """What has become of a question."""

    question: Question
    doing: str = ""
    """What is being done; empty: it is done."""
    share: float = 0.0
    """How much of that; 0: not told."""
    answer: Answer | None = None
    """While something is being done: what is known already."""
    trouble: str = ""
    """Why there is no answer."""
    at_s: float = 0.0
    """When it was done, in seconds since 1970."""
    ahead: int = 0
    """Questions that have their turn before it."""

    def lasts(self, age_s: float) -> bool:
        """Whether it is still told as it is, so long after it was done."""
        return age_s <= (TROUBLE_S if self.trouble else ANSWER_S)
