"""Reward attribution: what became of a prompt, and what that was worth.

```
prompt ── shown ──┬── clicked ──┬── added ── bought ── returned
                  └── dismissed └── (each within its window after `shown`)
reward      0          0.1         0.5       1.0         0        in sum, by settings
```

Feedback brings the prompt's receipt. An add without one belongs to the latest prompt of the session
that offered the item and was clicked; a purchase to the prompt that the item was added from. Each
stage counts once, and what it adds to the reward is what is missing to that stage's worth.

One rule for an add whose receipt does not prove it (forged, another session's, another item's):
the receipt counts as none. The credit then rests on the click, which a receipt of its own proved; a
sender that cuts off receipts on adds alone loses nothing, and one that makes them up wins nothing
that it would not have had without. That the receipt is bad is told by a dead letter.

Outcomes are *read off* the session, not remembered beside it: whoever answers for an event finds
the stages which that event brought, even when somebody else folded it first.
"""

from collections.abc import Callable, Iterator
from typing import Any

from models import ThompsonSampling
from models.evaluation.drift import DriftAlarm
from streams.contract.errors import InvalidReceipt
from streams.contract.events import (
    Event,
    ItemAdded,
    OrderCancelled,
    OrderPlaced,
    OrderReturned,
    PromptClicked,
    PromptDismissed,
    PromptShown,
)
from streams.contract.prompts import Outcome, Stage
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.shop.memory.impression import Impression, Reached
from streams.shop.memory.session import Session

Feedback = ItemAdded | PromptShown | PromptClicked | PromptDismissed
"""The events that may bring a receipt."""


class Attribution:
    """Folds feedback, adds, orders and returns into impressions and the policy.

    Its drift alarm sees each impression as nothing earned, and then what it earned: it depends on
    order, and is no part of the state.
    """

    def __init__(self, settings: Settings, policy: ThompsonSampling) -> None:
        self.policy = policy
        self.drift = DriftAlarm()
        self._feedback: dict[type[Event], Callable[[Session, Any, Receipt], None]] = {
            PromptShown: self.shown,
            PromptClicked: self.clicked,
            PromptDismissed: self.dismissed,
        }
        self._add_window_ms = settings.attribution_window_s * 1000
        self._buy_window_ms = settings.purchase_window_s * 1000
        self._worth: dict[Stage, float] = {
            "clicked": settings.reward_clicked,
            "added": settings.reward_added,
            "bought": settings.reward_bought,
        }

    def credit(
        self, session: Session, event: Feedback, receipt: Receipt | InvalidReceipt | None
    ) -> None:
        """What an event says about the prompt whose receipt it brings, if the receipt counts.

        An add whose receipt cannot be read here waits for that: it is nobody else's till then.
        """
        if isinstance(event, ItemAdded):
            if not isinstance(receipt, InvalidReceipt):
                self.added(session, event, receipt)
            elif not receipt.key_id:
                self.added(session, event, None)
        elif isinstance(receipt, Receipt):
            self._feedback[type(event)](session, event, receipt)

    def shown(self, session: Session, event: PromptShown, receipt: Receipt) -> None:
        """An impression: the policy counts a trial."""
        self._impression(session, event, receipt)

    def clicked(self, session: Session, event: PromptClicked, receipt: Receipt) -> None:
        """The shopper followed a prompt (which proves that it was shown)."""
        impression = self._impression(session, event, receipt)
        self._reach(impression, "clicked", event, event.item_id, self._add_window_ms)

    def dismissed(self, session: Session, event: PromptDismissed, receipt: Receipt) -> None:
        """The shopper sent a prompt away."""
        impression = self._impression(session, event, receipt)
        if "dismissed" not in impression.reached:
            session.dismissals += 1
        self._reach(impression, "dismissed", event, None, self._add_window_ms)

    def added(self, session: Session, event: ItemAdded, receipt: Receipt | None) -> None:
        """An item entered the basket, perhaps because of a prompt."""
        if receipt is not None and event.item_id in receipt.items:
            impression = self._impression(session, event, receipt)
        else:
            clicked = (
                impression
                for impression in reversed(session.impressions.values())
                if event.item_id in impression.receipt.items and "clicked" in impression.reached
            )
            if (found := next(clicked, None)) is None:
                return
            impression = found
        self._reach(impression, "added", event, event.item_id, self._add_window_ms)

    def ordered(self, session: Session, event: OrderPlaced) -> None:
        """Items were bought, some of them because of a prompt."""
        bought = {line.item_id for line in event.lines}
        for impression in session.impressions.values():
            added = impression.reached.get("added")
            if added is not None and added.item_id in bought:
                self._reach(impression, "bought", event, added.item_id, self._buy_window_ms)

    def returned(self, session: Session, event: OrderCancelled | OrderReturned) -> None:
        """Items came back: a prompt that sold one of them earned nothing."""
        back = None if event.lines is None else {line.item_id for line in event.lines}
        for impression in session.impressions.values():
            bought = impression.reached.get("bought")
            if bought is None or "returned" in impression.reached:
                continue
            if back is not None and bought.item_id not in back:
                continue
            self._settle(impression, "returned", event, bought.item_id, -impression.reward)

    def _impression(self, session: Session, event: Event, receipt: Receipt) -> Impression:
        """The impression of a receipt, begun now if this is the first sign of it."""
        impression = session.impressions.get(receipt.prompt_id)
        if impression is None:
            impression = Impression(receipt)
            impression.reached["shown"] = Reached(event.event_id, event.occurred_at_ms, 0.0, None)
            session.remember(impression)
            self.policy.expose(receipt.arm, receipt.context, time_s=receipt.prompted_at_ms / 1000)
            self.drift.outcome(receipt.arm, 0.0, time_s=event.time_s)
        return impression

    def _reach(
        self,
        impression: Impression,
        stage: Stage,
        event: Event,
        item_id: str | None,
        window_ms: float,
    ) -> None:
        """Note a stage once, if it came within its window after the impression."""
        if stage in impression.reached or "returned" in impression.reached:
            return
        if event.occurred_at_ms - impression.shown_ms <= window_ms:
            gain = max(0.0, self._worth.get(stage, 0.0) - impression.reward)
            self._settle(impression, stage, event, item_id, gain)

    def _settle(
        self, impression: Impression, stage: Stage, event: Event, item_id: str | None, gain: float
    ) -> None:
        impression.reached[stage] = Reached(event.event_id, event.occurred_at_ms, gain, item_id)
        if gain:
            receipt, at_s = impression.receipt, event.time_s
            self.drift.outcome(receipt.arm, gain, time_s=at_s)
            self.policy.reward(
                receipt.arm, receipt.context, gain, time_s=receipt.prompted_at_ms / 1000, at_s=at_s
            )


def outcomes(session: Session, event: Event) -> Iterator[Outcome]:
    """The stages that this event brought to prompts of its session."""
    for impression in session.impressions.values():
        for stage, reached in impression.reached.items():
            if reached.event_id == event.event_id:
                receipt = impression.receipt
                yield Outcome(
                    prompt_id=receipt.prompt_id,
                    session_id=receipt.session_id,
                    stage=stage,
                    arm=receipt.arm,
                    context=receipt.context,
                    propensity=receipt.propensity,
                    reward=reached.reward,
                    item_id=reached.item_id,
                    caused_by=event.event_id,
                    occurred_at_ms=reached.at_ms,
                    prompted_at_ms=receipt.prompted_at_ms,
                )
