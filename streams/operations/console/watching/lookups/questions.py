"""What a page may ask of the log, and what a terminal would be asked instead."""

from dataclasses import dataclass
from shlex import quote

from streams.cli.printable import printable
from streams.contract.events.slots import Placement
from streams.operations.explanation.story import Story, explained_by
from streams.operations.explanation.why.asking import Why
from streams.operations.explanation.why_not.asking import WhyNot


@dataclass(frozen=True, slots=True)
class StoryAsked:
    """What became of each event of a session?

    >>> StoryAsked("s1").in_terminal
    'goeswith explain s1'
    """

    session_id: str

    @property
    def in_terminal(self) -> str:
        """The command that tells it, as it is typed."""
        return explained_by(self.session_id)


@dataclass(frozen=True, slots=True)
class WhyAsked:
    """Why was this prompt what it was? Without a session all prompts are looked through for it.

    >>> WhyAsked("p 7", "s1").in_terminal
    "goeswith why 'p 7'"
    """

    prompt_id: str
    session_id: str = ""

    @property
    def in_terminal(self) -> str:
        """The command that tells it, as it is typed."""
        return f"goeswith why {quote(printable(self.prompt_id))}"


@dataclass(frozen=True, slots=True)
class WhyNotAsked:
    """Why was this item not offered at the last decision of a session, or the last in a slot?

    >>> WhyNotAsked("s1", "old jam", "basket").in_terminal
    "goeswith why-not --session s1 --item 'old jam' --slot basket"
    """

    session_id: str
    item_id: str
    slot: Placement | None = None

    @property
    def in_terminal(self) -> str:
        """The command that tells it, as it is typed."""
        session, item = (quote(printable(name)) for name in (self.session_id, self.item_id))
        slot = "" if self.slot is None else f" --slot {self.slot}"
        return f"goeswith why-not --session {session} --item {item}{slot}"


Question = StoryAsked | WhyAsked | WhyNotAsked
Answer = Story | Why | WhyNot
"""To each kind of question there is one kind of answer."""
