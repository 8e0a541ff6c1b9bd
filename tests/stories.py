"""Small builders for the events of one shopper's story: what a test does not say has a default.

Who is named has given consent, unless the test says otherwise.
"""

from itertools import count
from typing import Any

from streams.contract.events import (
    BasketUpdated,
    CheckoutLeft,
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderCancelled,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PromptClicked,
    PromptDismissed,
    PromptShown,
    ShopperForgotten,
    decode,
    encode,
)
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controls
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop

NOON_MS = 1_767_268_800_000
"""2026-01-01, noon UTC: when every story begins."""

OPEN: dict[str, Any] = {
    "receipt_secret": "not a secret",
    "holdout_share": 0.0,
    "cool_down_s": 0.0,
    "prompts_per_session_max": 1000,
}
"""Settings under which nothing silences a shop but the story itself."""


class Story:
    """One session's events, a second apart unless `after_s` says otherwise."""

    def __init__(self, session_id: str = "s1", *, start_ms: int = NOON_MS, **always: Any) -> None:
        self.session_id = session_id
        self.now_ms = start_ms
        self.always = always
        self._number = count(1)
        self._order_number = count(1)

    def view(self, item_id: str, **more: Any) -> ItemViewed:
        """The shopper looks at an item."""
        return ItemViewed(item_id=item_id, **self._said(more))

    def add(self, item_id: str, **more: Any) -> ItemAdded:
        """The shopper adds an item."""
        return ItemAdded(item_id=item_id, **self._said(more))

    def remove(self, item_id: str, **more: Any) -> ItemRemoved:
        """The shopper removes an item."""
        return ItemRemoved(item_id=item_id, **self._said(more))

    def check_out(self, **more: Any) -> CheckoutStarted:
        """The shopper goes to pay."""
        return CheckoutStarted(**self._said(more))

    def leave_checkout(self, **more: Any) -> CheckoutLeft:
        """The shopper comes back from paying."""
        return CheckoutLeft(**self._said(more))

    def set_basket(self, *items: str, **more: Any) -> BasketUpdated:
        """These items are in the basket, and nothing else."""
        lines = tuple(OrderLine(item_id=item) for item in items)
        return BasketUpdated(**{"lines": lines, **self._said(more)})

    def order(self, *items: str, **more: Any) -> OrderPlaced:
        """The shopper buys these items."""
        lines = tuple(OrderLine(item_id=item) for item in items)
        order_id = f"o-{self.session_id}-{next(self._order_number)}"
        return OrderPlaced(**{"order_id": order_id, "lines": lines, **self._said(more)})

    def send_back(self, *items: str, **more: Any) -> OrderReturned:
        """The shopper sends these items back."""
        lines = tuple(OrderLine(item_id=item) for item in items)
        order_id = f"o-{self.session_id}-1"
        return OrderReturned(**{"order_id": order_id, "lines": lines, **self._said(more)})

    def cancel(self, **more: Any) -> OrderCancelled:
        """The first order of the session is off."""
        return OrderCancelled(**{"order_id": f"o-{self.session_id}-1", **self._said(more)})

    def forget(self, shopper_id: str, **more: Any) -> ShopperForgotten:
        """What is kept by a shopper is to be dropped."""
        return ShopperForgotten(**{**self._said(more), "shopper_id": shopper_id})

    def see(self, prompt: Prompt, **more: Any) -> PromptShown:
        """The prompt is visible to the shopper."""
        return PromptShown(receipt=prompt.receipt, **self._said(more))

    def click(self, prompt: Prompt, **more: Any) -> PromptClicked:
        """The shopper follows the prompt to its first item."""
        item_id = prompt.items[0].item_id
        return PromptClicked(receipt=prompt.receipt, item_id=item_id, **self._said(more))

    def dismiss(self, prompt: Prompt, **more: Any) -> PromptDismissed:
        """The shopper sends the prompt away."""
        return PromptDismissed(receipt=prompt.receipt, **self._said(more))

    def _said(self, more: dict[str, Any]) -> dict[str, Any]:
        self.now_ms += round(1000 * more.pop("after_s", 1))
        named = {**self.always, **more}.get("shopper_id")
        return {
            **({} if named is None else {"consent": True}),
            "event_id": f"{self.session_id}-{next(self._number)}",
            "session_id": self.session_id,
            "occurred_at_ms": self.now_ms,
            **self.always,
            **more,
        }


def received(event: Event, *, delay_s: float = 0.0) -> Event:
    """The event as it is read from a log that got it so much after its sender's time for it."""
    timestamp_ms = event.occurred_at_ms + round(1000 * delay_s)
    who = event.session_id.encode()
    return decode(who, encode(event), timestamp_ms=timestamp_ms, settings=Settings())


class Till:
    """A shop with one partition and one owner: folds each event and gives the answer to it."""

    def __init__(self, **settings: Any) -> None:
        self.shop = Shop(Settings(**{**OPEN, **settings}))
        self.pending = PendingPrompts()
        self.served: list[Event] = []
        self.catalog: Catalog | None = None
        self.controls = Controls(self.shop.settings)

    def serve(self, event: Event, *, now_ms: int | None = None) -> Answer:
        """Fold an event at the next offset, and answer it."""
        self.served.append(event)
        offset = self.shop.position.get(0, 0)
        assert "folded" == self.shop.learn(0, offset, event)
        return self.ask(event, offset, now_ms=now_ms)

    def ask(self, event: Event, offset: int, *, now_ms: int | None = None) -> Answer:
        """Answer an event that was folded at an offset."""
        answer = self.shop.answer(
            event,
            0,
            offset,
            self.pending,
            now_ms=now_ms,
            catalog=self.catalog,
            controls=self.controls.now,
        )
        for prompt in answer.outgoing_prompts:
            self.pending.add(prompt)
        self.pending.withdraw(event.session_id, {w.prompt_id for w in answer.withdrawals})
        return answer

    def prompt(self, event: Event) -> Prompt:
        """Serve an event that must get a prompt."""
        prompt = self.serve(event).prompt
        assert prompt is not None
        return prompt

    def teach(self, *items: str, times: int = 10, start_ms: int = NOON_MS - 86_400_000) -> None:
        """Let so many shoppers buy these items together, the day before."""
        for number in range(times):
            story = Story(f"past-{'-'.join(items)}-{number}", start_ms=start_ms)
            for item in items:
                self.serve(story.add(item))
            self.serve(story.order(*items))
