"""Pending prompts: published by the owner of a partition, and not shown yet.

They are kept beside the fold, not in it: only the worker that answers for a partition keeps them,
for cool-down, cap and withdrawals. A takeover forgets them, which costs at most one prompt too
many; once a prompt is shown, the feedback event tells every worker.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from streams.shop.memory.answer import OutgoingPrompt

PENDING_PER_SESSION_MAX = 12
"""By default as many as a visit gets in all slots together."""


class PendingPrompt(NamedTuple):
    """What is remembered of a prompt: the tenth of it that decides about others."""

    prompt_id: str
    items: tuple[str, ...]
    caused_by: str
    occurred_at_ms: int
    expires_at_ms: int
    slot: str = "basket"

    @classmethod
    def of(cls, prompt: OutgoingPrompt) -> "PendingPrompt":
        """What is remembered of a prompt that is being published."""
        cause, at_ms, until_ms = prompt.caused_by, prompt.occurred_at_ms, prompt.expires_at_ms
        return cls(prompt.prompt_id, prompt.items, cause, at_ms, until_ms, prompt.placement)


class PendingPrompts:
    """The latest prompts of each session; the least recently prompted sessions leave first."""

    def __init__(self, sessions_max: int = 50_000) -> None:
        self.sessions_max = sessions_max
        self._prompts: OrderedDict[str, list[PendingPrompt]] = OrderedDict()

    def add(self, prompt: OutgoingPrompt) -> None:
        """Remember a prompt that is being published."""
        prompts, session_id = self._prompts, prompt.session_id
        pending = prompts.get(session_id)
        if pending is None:
            pending = prompts[session_id] = []
        pending.append(PendingPrompt.of(prompt))
        if len(pending) > PENDING_PER_SESSION_MAX:
            del pending[0]
        prompts.move_to_end(session_id)
        if len(prompts) > self.sessions_max:
            prompts.popitem(last=False)

    def of(self, session_id: str) -> tuple[PendingPrompt, ...]:
        """The pending prompts of a session, in order."""
        return tuple(self._prompts.get(session_id, ()))

    def of_visitor(self, session_id: str, formers: Iterable[str]) -> tuple[PendingPrompt, ...]:
        """Those of a session, and of the ones that it goes on from, which other events caused."""
        before = (prompt for name in formers for prompt in self.of(name))
        return (*self.of(session_id), *(prompt._replace(caused_by="") for prompt in before))

    def withdraw(self, session_id: str, prompt_ids: set[str]) -> None:
        """Forget prompts that have been withdrawn."""
        if pending := self._prompts.get(session_id):
            pending[:] = [prompt for prompt in pending if prompt.prompt_id not in prompt_ids]

    def forget(self) -> None:
        """Forget everything: the partitions belong to somebody else now."""
        self._prompts.clear()
