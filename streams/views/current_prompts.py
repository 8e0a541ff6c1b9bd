"""Current prompts (a read model): what a storefront may show now, by session.

Bounded twice: a session has at most four, and as many in each slot with a budget of its own, and
the sessions spoken to longest ago leave first.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from streams.contract.published.prompts import Prompt
from streams.shop.memory.answer import Answer, OutgoingPrompt
from streams.shop.memory.orders.slot_tally import own_slot

PROMPTS_MAX = 4
"""In slots that share a budget, and in each of the others."""
WITHDRAWN_MAX = 64
"""Withdrawals of a session that are remembered, in case their prompts are published once more."""
SESSIONS_MAX = 10_000

Either = TypeVar("Either", OutgoingPrompt, Prompt)


def unexpired(prompts: Iterable[Either], now_ms: int) -> tuple[Either, ...]:
    """Those that may still be shown."""
    return tuple(prompt for prompt in prompts if now_ms < prompt.expires_at_ms)


def too_many(held: Iterable[Either], prompt: Either) -> list[str]:
    """The ids of the oldest prompts that a new one, which is held as well, pushes out."""
    slot = _own_slot(prompt)
    same = [each.prompt_id for each in held if _own_slot(each) == slot]
    return same[:-PROMPTS_MAX]


def _own_slot(prompt: OutgoingPrompt | Prompt) -> str | None:
    return own_slot(prompt.placement)


class CurrentPrompts:
    """The last prompts of each session that have neither been withdrawn nor expired.

    >>> from streams.contract.schemas.examples import PROMPT, PROMPT_WITHDRAWN
    >>> current = CurrentPrompts()
    >>> current.add(Answer(outgoing_prompt=OutgoingPrompt.of(PROMPT)))
    'session-7'
    >>> [p.items for p in current.of("session-7", now_ms=PROMPT.occurred_at_ms)]
    [('butter',)]
    >>> current.add(Answer(withdrawals=(PROMPT_WITHDRAWN,)))
    'session-7'
    >>> current.of("session-7", now_ms=PROMPT.occurred_at_ms)
    ()
    """

    def __init__(self, sessions_max: int = SESSIONS_MAX) -> None:
        self.sessions_max = sessions_max
        self._sessions: OrderedDict[str, dict[str, OutgoingPrompt]] = OrderedDict()
        self._withdrawn: dict[str, dict[str, None]] = {}

    def add(self, answer: Answer) -> str | None:
        """Take an answer; the session whose prompts it changed, if any (an event has but one)."""
        session_id = None
        for gone in answer.withdrawals:
            session_id = gone.session_id
            self._withdraw(session_id, gone.prompt_id)
        for prompt in answer.outgoing_prompts:
            session_id = prompt.session_id
            self._hold(prompt)
        return session_id

    def of(self, session_id: str, now_ms: int) -> tuple[OutgoingPrompt, ...]:
        """What may be shown to a session now, oldest first."""
        return unexpired(self._sessions.get(session_id, {}).values(), now_ms)

    def _withdraw(self, session_id: str, prompt_id: str) -> None:
        """Of a prompt that others pushed out, too: it can be published once more."""
        if (held := self._sessions.get(session_id)) is None:
            return
        held.pop(prompt_id, None)
        withdrawn = self._withdrawn.setdefault(session_id, {})
        withdrawn[prompt_id] = None
        if len(withdrawn) > WITHDRAWN_MAX:
            del withdrawn[next(iter(withdrawn))]

    def _hold(self, prompt: OutgoingPrompt) -> None:
        """A prompt that was withdrawn is not held again: it would push another one out."""
        if prompt.prompt_id in self._withdrawn.get(prompt.session_id, ()):
            return
        held = self._sessions.setdefault(prompt.session_id, {})
        held.setdefault(prompt.prompt_id, prompt)
        for prompt_id in too_many(held.values(), prompt):
            del held[prompt_id]
        self._sessions.move_to_end(prompt.session_id)
        while len(self._sessions) > self.sessions_max or self._oldest_expired(prompt):
            who, _ = self._sessions.popitem(last=False)
            self._withdrawn.pop(who, None)

    def _oldest_expired(self, prompt: OutgoingPrompt) -> bool:
        """Whether the session spoken to longest ago has nothing left to show by now."""
        who, held = next(iter(self._sessions.items()))
        return who != prompt.session_id and not unexpired(held.values(), prompt.occurred_at_ms)
