"""The Shop: the fold of everything that happened, and the decisions that follow from it.

```
learn(partition, offset, event)      the only way in: each event once, in the order of its partition
answer(event, partition, offset)     pure: what this event calls for, from what is folded by then
```

The Shop carries its *position*: the next offset of each partition to fold. An event below it is in
already, so folding twice is impossible; the position skips the fold, never the answer. An event may
be answered when the Shop is already ahead of it (somebody else folded it): the basket is newer
then, and the prompt's id is the same, because it depends on its cause alone.

Everything in here is either kept by partition (sessions, in log order) or a sum that commutes
exactly (counts and rewards in fixed point), so that workers which interleave partitions differently
agree on every bit. What a full table forgets may depend on the order in which it filled: a table or
row that ever ran full is left out of the digest, and so is what does not commute.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from models import BestFit
from streams.contract.errors import InvalidReceipt
from streams.contract.events import (
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PromptClicked,
    PromptDismissed,
    PromptShown,
)
from streams.contract.prompts import PromptWithdrawn
from streams.contract.receipts import Receipt, Receipts
from streams.contract.settings import Settings
from streams.shop.decision.assignment import sampled
from streams.shop.decision.decision import AskingEvent, Decision
from streams.shop.decision.draws import DrawSeeds
from streams.shop.decision.policy import new_policy
from streams.shop.memory import attribution
from streams.shop.memory.answer import Answer, OutgoingPrompt, Silence
from streams.shop.memory.learned import new_recommenders
from streams.shop.memory.learned import visit as visit_of
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session, Sessions
from streams.shop.state import Part, Positions, SessionsByPartition, digest, digests

ENDING = (ItemAdded, OrderPlaced)
"""The events that can make a prompt pointless."""


class Shop:
    """Everything goeswith knows, and the pure function from it to a prompt."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.position: dict[int, int] = {}
        self.skipped = 0
        """Offsets below the position that were never folded here: the log did not hold them."""
        self.sessions: dict[int, Sessions] = {}
        self.learned = new_recommenders(settings)
        self.policy = new_policy(settings)
        self.attribution = attribution.Attribution(settings, self.policy)
        secrets = settings.receipt_secret.get_secret_value()
        self.receipts = Receipts(secrets)
        self.decision = Decision(
            settings, self.learned, self.policy, self.receipts, DrawSeeds(secrets)
        )
        self._handlers: dict[type[Event], Callable[[Session, Any], None]] = {
            ItemViewed: self._viewed,
            ItemAdded: self._added,
            ItemRemoved: self._removed,
            CheckoutStarted: self._checking_out,
            OrderPlaced: self._ordered,
            OrderReturned: self._returned,
            PromptShown: self._shown,
            PromptClicked: self._clicked,
            PromptDismissed: self._dismissed,
        }

    # The fold

    def start(self, partition: int, offset: int) -> None:
        """The log of a partition begins here: what was before is gone by retention."""
        position = self.position.get(partition, 0)
        self.skipped += max(0, offset - position)
        self.position[partition] = max(offset, position)

    def learn(self, partition: int, offset: int, event: Event | None) -> bool | None:
        """Fold the event at an offset, once.

        True: folded. False: it was in already. None: an earlier offset is missing, nothing was
        done. `event` is None for a record that is no event: only the position moves.
        """
        position = self.position.get(partition, 0)
        if offset != position:
            return None if offset > position else False
        if event is not None:
            self._fold(partition, offset, event)
        self.position[partition] = offset + 1
        return True

    def _fold(self, partition: int, offset: int, event: Event) -> None:
        sessions = self._sessions(partition)
        late_ms = sessions.watermark_ms - self.settings.lateness_s * 1000
        session = sessions.of(event)
        if event.event_id not in session.seen:
            session.note(event, offset, late=event.occurred_at_ms < late_ms)
            self._handlers[type(event)](session, event)

    def _sessions(self, partition: int) -> Sessions:
        sessions = self.sessions.get(partition)
        if sessions is None:
            sessions = self.sessions[partition] = Sessions(
                gap_s=self.settings.session_gap_s, sessions_max=self.settings.sessions_max
            )
        return sessions

    def _viewed(self, session: Session, event: ItemViewed) -> None:
        """A look counts once in a visit, however often a page is loaded again."""
        if session.looks_first(event.item_id):
            time_s = event.time_s
            self.learned.browsing.learn_one(session.viewed, event.item_id, time_s=time_s)
            self._count((), event.item_id, time_s, self.settings.view_weight)
        if self.learned.fit is not None:
            self._step(self.learned.fit, session, event, event)
        session.view(event)

    def _added(self, session: Session, event: ItemAdded) -> None:
        if event.item_id not in session.basket:
            self._together(session, list(session.basket), event.item_id, event.time_s)
        if self.learned.fit is not None:
            self._step(self.learned.fit, session, event, event)
        session.add(event)
        receipt = None
        if event.receipt is not None and isinstance(opened := self._opened(event), Receipt):
            receipt = opened
        self.attribution.added(session, event, receipt)

    def _removed(self, session: Session, event: ItemRemoved) -> None:
        session.remove(event)

    def _checking_out(self, session: Session, _event: CheckoutStarted) -> None:
        session.in_checkout = True

    def _ordered(self, session: Session, event: OrderPlaced) -> None:
        """What the basket never saw (another channel, an import) is learned as if added now."""
        together = list(session.basket)
        for line in {line.item_id: line for line in event.lines}.values():
            if line.item_id not in together:
                new = line.item_id not in session.taught
                self._together(session, together, line.item_id, event.time_s)
                together.append(line.item_id)
                if new and self.learned.fit is not None:
                    self._step(self.learned.fit, session, event, line)
            if session.shopper_id is not None:
                who = (session.shopper_id,)
                self.learned.repeats.learn_one(who, line.item_id, time_s=event.time_s)
        self.attribution.ordered(session, event)
        session.order(event)

    def _returned(self, session: Session, event: OrderReturned) -> None:
        self.attribution.returned(session, event)

    def _shown(self, session: Session, event: PromptShown) -> None:
        if isinstance(receipt := self._opened(event), Receipt):
            self.attribution.shown(session, event, receipt)

    def _clicked(self, session: Session, event: PromptClicked) -> None:
        if isinstance(receipt := self._opened(event), Receipt):
            self.attribution.clicked(session, event, receipt)

    def _dismissed(self, session: Session, event: PromptDismissed) -> None:
        if isinstance(receipt := self._opened(event), Receipt):
            self.attribution.dismissed(session, event, receipt)

    def _step(
        self, fit: BestFit, session: Session, event: Event, thing: AskingEvent | OrderLine
    ) -> None:
        """The next item of a visit; to take what one looks at is no step."""
        path, item_id = session.path, thing.item_id
        if path and path[-1] == item_id:
            return
        visit, shopper = visit_of(session), session.shopper_id or ""
        share = self.settings.rank_learning_share if isinstance(event, ItemViewed) else 1.0
        if sampled(event.identity, share=share):
            held = {*session.basket, *path[-1:]}
            fit.learn_rank(path, item_id, exclude=held, session=visit, shopper=shopper)
        fit.learn_one(
            path,
            item_id,
            time_s=event.time_s,
            session=visit,
            shopper=shopper,
            category=thing.category or "",
        )
        session.step(item_id)

    def _together(self, session: Session, present: list[str], item_id: str, time_s: float) -> None:
        """An item comes beside those present: what the session has not taught yet is learned."""
        lesson = session.taught.lesson(item_id, present)
        if lesson is None:
            return
        if not lesson.first:
            self.learned.baskets.learn_meetings(lesson.others, item_id, time_s=time_s)
            return
        self.learned.baskets.learn_one(lesson.others, item_id, time_s=time_s, begins=lesson.begins)
        self._count(lesson.others, item_id, time_s, self.settings.add_weight)

    def _count(
        self, others: list[str] | tuple[()], item_id: str, time_s: float, weight: float
    ) -> None:
        if weight:
            self.learned.popularity.learn_one(others, item_id, time_s=time_s, weight=weight)

    def _opened(self, event: Event) -> Receipt | InvalidReceipt | None:
        """The receipt that an event brings; the error, as a value, when it is not ours."""
        token = getattr(event, "receipt", None)
        if token is None:
            return None
        try:
            return self.receipts.open(token, event.session_id)
        except InvalidReceipt as invalid:
            return invalid

    # The answer

    def answer(self, event: Event, partition: int, offset: int, pending: PendingPrompts) -> Answer:
        """What a folded event calls for, changing nothing; `pending`: published, not shown."""
        asking = event if isinstance(event, AskingEvent) else None
        sessions = self.sessions.get(partition)
        session = sessions.find(event.session_id) if sessions is not None else None
        if session is None:
            return Answer(silence=Silence("forgotten") if asking else None)
        if session.seen.get(event.event_id, offset) != offset:
            return Answer(silence=Silence("duplicate") if asking else None)
        decided = self.decision.decide(session, asking, pending) if asking else None
        opened = self._opened(event)
        return Answer(
            outgoing_prompt=decided if isinstance(decided, OutgoingPrompt) else None,
            silence=decided if isinstance(decided, Silence) else None,
            withdrawals=_withdrawals(event, pending) if isinstance(event, ENDING) else (),
            outcomes=tuple(attribution.outcomes(session, event)) if session.impressions else (),
            rejected=opened if isinstance(opened, InvalidReceipt) else None,
        )

    # The state

    def parts(self) -> dict[str, Part]:
        """Everything that is folded, by name: see `streams.shop.state`."""
        parts = {field.name: getattr(self.learned, field.name) for field in fields(self.learned)}
        learned = {name: part for name, part in parts.items() if part is not None}
        return {
            "position": Positions(self.position),
            "sessions": SessionsByPartition(self.sessions, self._sessions),
            **learned,
            "policy": self.policy,
        }

    def state(self) -> dict[str, Any]:
        """All that is folded, as JSON."""
        return {name: part.state() for name, part in self.parts().items()}

    def digests(self) -> dict[str, str]:
        """Hashes of what must agree, by part: the same for every worker at the same position."""
        return digests(self.parts())

    def digest(self) -> str:
        """One hash of all of that."""
        return digest(self.digests())


def _withdrawals(
    event: ItemAdded | OrderPlaced, pending: PendingPrompts
) -> tuple[PromptWithdrawn, ...]:
    """The living prompts of this session that an add or an order made pointless."""
    added = event.item_id if isinstance(event, ItemAdded) else None
    return tuple(
        PromptWithdrawn(
            prompt_id=prompt.prompt_id,
            session_id=event.session_id,
            because="ordered" if added is None else "added",
            caused_by=event.event_id,
            occurred_at_ms=event.occurred_at_ms,
        )
        for prompt in pending.of(event.session_id)
        if prompt.caused_by != event.event_id
        and prompt.expires_at_ms > event.occurred_at_ms
        and (added is None or added in prompt.items)
    )
