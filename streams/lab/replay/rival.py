"""The baseline: what is popular, under the same guards, learned from the same events in that order.

Popularity is the baseline that is hard to beat on groceries. It gets a Shop of its own, so that it
knows every basket and every purchase that the worker knows, and never sees an event before it is
sent.
"""

from streams.contract.events import Event, ItemAdded
from streams.contract.settings import Settings
from streams.shop.decision.arms import ARMS
from streams.shop.shop import Shop

PARTITION = 0


class PopularityBaseline:
    """Popularity's own fold of what has been sent."""

    def __init__(self, settings: Settings) -> None:
        self.shop = Shop(settings.model_copy(update={"best_fit": False}))  # it never asks it

    def learn(self, event: Event) -> None:
        """One more event has been sent; feedback on prompts would tell it nothing."""
        self.shop.learn(PARTITION, self.shop.position.get(PARTITION, 0), event)

    def offer(self, event: ItemAdded) -> list[str]:
        """What it would offer at an add that it has just learned."""
        session = self.shop.sessions[PARTITION].find(event.session_id)
        if session is None:
            return []
        question = self.shop.decision.question(session, event.item_id, event.time_s)
        return [
            candidate.item for candidate in ARMS["popular"].candidates(self.shop.learned, question)
        ]
