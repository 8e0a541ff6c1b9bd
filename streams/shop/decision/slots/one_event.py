"""One event, asked in several slots: what is the same for all of them is worked out once.

Nothing is folded between two slots, so what sources rank and what the guards exclude stands. What
was offered in one slot is not offered in the next: that alone is added.
"""

from collections.abc import Callable

from models.recommenders.recommender import Rankings
from streams.contract.events.slots import Placement
from streams.shop.memory.answer import OutgoingPrompt


class OneEvent:
    """What the slots of one event share, and what was offered in those that were answered.

    >>> event = OneEvent()
    >>> event.excluded(lambda: {"bread"}) is event.excluded(set)
    True
    """

    __slots__ = ("_excluded", "offered", "prompts", "rankings")

    def __init__(self) -> None:
        self.rankings = Rankings()
        """What was ranked so far."""
        self.prompts: dict[Placement, OutgoingPrompt] = {}
        """The prompts so far, in the order in which their slots were answered."""
        self.offered: list[str] = []
        """Their items: each of them stands in one."""
        self._excluded: set[str] | None = None

    def answer(self, slot: Placement, prompt: OutgoingPrompt) -> None:
        """A prompt for a slot: what it offers is not offered in another one."""
        self.prompts[slot] = prompt
        self.offered += prompt.items
        if self._excluded is not None:
            self._excluded.update(prompt.items)

    def excluded(self, by_guards: Callable[[], set[str]]) -> set[str]:
        """What the guards exclude, asked of them once, and what has been offered by now.

        That is nothing when they are asked: whoever offers has asked before.
        """
        if self._excluded is None:
            self._excluded = by_guards()
        return self._excluded
