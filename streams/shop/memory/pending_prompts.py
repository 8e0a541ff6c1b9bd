"""What the owner of a partition has said and has not seen shown yet.

It is a note beside the fold, not a part of it: only the worker that answers for a partition keeps
it, for cool-down, cap and withdrawals. A takeover forgets it, which costs at most one prompt too
many; once a prompt is shown, the feedback event tells every worker.
"""

from collections import OrderedDict
from typing import NamedTuple

from streams.shop.memory.answer import Draft

SAID_PER_SESSION_MAX = 8


class Note(NamedTuple):
    """What is remembered of a prompt: the tenth of it that decides about others."""

    prompt_id: str
    items: tuple[str, ...]
    caused_by: str
    occurred_at_ms: int
    expires_at_ms: int

    @classmethod
    def of(cls, prompt: Draft) -> "Note":
        """The note of a prompt that is being published."""
        at_ms, until_ms = prompt.occurred_at_ms, prompt.expires_at_ms
        return cls(prompt.prompt_id, prompt.items, prompt.caused_by, at_ms, until_ms)


class Said:
    """The latest prompts of each session; the sessions spoken to longest ago leave first."""

    def __init__(self, sessions_max: int = 50_000) -> None:
        self.sessions_max = sessions_max
        self._prompts: OrderedDict[str, list[Note]] = OrderedDict()

    def add(self, prompt: Draft) -> None:
        """Note a prompt that is being published."""
        said = self._prompts.setdefault(prompt.session_id, [])
        said.append(Note.of(prompt))
        del said[:-SAID_PER_SESSION_MAX]
        self._prompts.move_to_end(prompt.session_id)
        while len(self._prompts) > self.sessions_max:
            self._prompts.popitem(last=False)

    def to(self, session_id: str) -> tuple[Note, ...]:
        """What was said to a session, in order."""
        return tuple(self._prompts.get(session_id, ()))

    def withdraw(self, session_id: str, prompt_ids: set[str]) -> None:
        """Forget prompts that have been withdrawn."""
        if said := self._prompts.get(session_id):
            said[:] = [prompt for prompt in said if prompt.prompt_id not in prompt_ids]

    def forget(self) -> None:
        """Forget everything: the partitions belong to somebody else now."""
        self._prompts.clear()
