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

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from models.recommenders.recommender import TableSize
from streams.contract.events import (
    BasketUpdated,
    CheckoutLeft,
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderCancelled,
    OrderPlaced,
    OrderReturned,
    OrderTakenBack,
    PromptClicked,
    PromptDismissed,
    PromptShown,
    ShopperForgotten,
)
from streams.contract.events.clocks import DAY_MS, believe
from streams.contract.published.outcomes import Outcome
from streams.contract.receipts import Receipts
from streams.contract.settings import Settings
from streams.shop.decision.arms import ARMS, Arm
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.controls.controls import Controlled
from streams.shop.decision.controls.shadows import NO_SHADOWS
from streams.shop.decision.decision import NOTHING, Decision
from streams.shop.decision.languages.messages import TEXTS
from streams.shop.decision.policy.draws import DrawSeeds
from streams.shop.decision.policy.policy import new_policy
from streams.shop.decision.withdrawals import withdrawals
from streams.shop.memory import attribution
from streams.shop.memory.answer import Answer, Silence
from streams.shop.memory.learned import LEARNERS, new_recommenders
from streams.shop.memory.orders.outcomes import outcomes
from streams.shop.memory.orders.seen import UNREAD
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.receipt_rules import ReceiptRules
from streams.shop.memory.session import Session
from streams.shop.memory.sessions import Sessions
from streams.shop.memory.teaching import Learner, Teaching
from streams.shop.order_join import OrderJoin
from streams.shop.people.assignment import Experiment
from streams.shop.people.context import asks, late
from streams.shop.people.identity import Identity
from streams.shop.state import Part, Positions, SessionsByPartition, digest, digests, tables
from streams.shop.unit_outcomes import unit_outcomes

Folding = Literal["folded", "repeated", "gap"]
"""What became of a record: folded now; repeated, it was in already; or a gap, an earlier offset of
its partition is missing."""


class Shop:
    """Everything goeswith knows, and the pure function from it to a prompt."""

    def __init__(
        self,
        settings: Settings,
        *,
        learners: Sequence[Learner[Any]] = LEARNERS,
        arms: Mapping[str, Arm] = ARMS,
        texts: Mapping[str, Mapping[str, str]] = TEXTS,
    ) -> None:
        self.settings, self.learners = settings, learners
        self.position: dict[int, int] = {}
        self.skipped, self.adopted, self.too_late = 0, dict[str, str](), 0
        """Offsets not in the log. Parts that no fold gives, and why. Events in doubt, ignored."""
        self.sessions: dict[int, Sessions] = {}
        self.learned = new_recommenders(settings, learners)
        self.teaching = Teaching(settings, learners, vars(self.learned))
        self.policy, self.experiment = new_policy(settings), Experiment.of(settings)
        self.attribution = attribution.Attribution(settings, self.policy)
        self.receipts = Receipts(secrets := settings.receipt_secret.get_secret_value())
        self.receipt_rules = ReceiptRules(settings, self.receipts)
        draws, rates = DrawSeeds(secrets), self.attribution.rewards.offers
        known = settings, self.learned, self.policy, self.receipts
        self.decision = Decision(*known, draws, arms, texts, rates)
        joined = self.teaching, self.attribution, self.decision.returned
        self.orders = OrderJoin(settings, self.sessions, *joined)
        self.identity = Identity(settings, self.orders.forget, self.learned.repeats.known)
        self._handlers: dict[type[Event], Callable[[Session, Any], None]] = {
            ItemViewed: self._viewed,
            ItemAdded: self._added,
            ItemRemoved: self._removed,
            BasketUpdated: self._basket_updated,
            CheckoutStarted: self._checked_out,
            CheckoutLeft: self._checked_out,
            OrderPlaced: self.orders.ordered,
            OrderCancelled: self.orders.returned,
            OrderReturned: self.orders.returned,
            PromptShown: self._credited,
            PromptClicked: self._credited,
            PromptDismissed: self._credited,
            ShopperForgotten: self._forgotten,
        }

    def new(self, settings: Settings) -> "Shop":
        """A shop of the same learners, arms and texts that has seen nothing yet."""
        arms, texts = self.decision.arms, self.decision.writer.texts
        return Shop(settings, learners=self.learners, arms=arms, texts=texts)

    @property
    def unknown_keys(self) -> Mapping[str, int]:
        """How many receipts were folded unread, by the id of the key that is not here."""
        return self.receipt_rules.unknown_keys

    # The fold

    def start(self, partition: int, offset: int) -> None:
        """The log of a partition begins here: what was before is gone by retention."""
        position = self.position.get(partition, 0)
        self.skipped += max(0, offset - position)
        self.position[partition] = max(offset, position)

    def learn(self, partition: int, offset: int, event: Event | None) -> Folding:
        """Fold the event at an offset, once; what does not fit there changes nothing.

        `event` is None for a record that is no event: only the position moves.
        """
        position = self.position.get(partition, 0)
        if offset != position:
            return "gap" if offset > position else "repeated"
        if event is not None:
            self._fold(partition, offset, event)
        self.position[partition] = offset + 1
        return "folded"

    def _fold(self, partition: int, offset: int, event: Event) -> None:
        if (sessions := self.sessions.get(partition)) is None:
            sessions = self._sessions(partition)
        if self.settings.create_time_allowed and sessions.watermark_ms:
            believe(event, sessions.watermark_ms + DAY_MS)
        session = sessions.of(event)
        if event.event_id not in session.seen:
            if session.seen.is_too_late(event) and not self.orders.is_news(session, event):
                self.identity.deny(session, event)  # and all else may have been counted
                self.too_late += type(event) is not ShopperForgotten
            else:
                session.note(event, offset)
                drawn = None if session.assignment else self.experiment
                if drawn and asks(event) and not late(event, self.settings):
                    session.take_part(drawn, event, offset)
                self.identity.sign(session, event)
                self._handlers[type(event)](session, event)
        elif (
            session.seen.is_marked(event.event_id, UNREAD)
            and isinstance(event, attribution.Feedback)
            and event.receipt is not None  # without it there is nothing to read, for anybody
        ):
            self._credited(session, event)
            session.seen.read_late(event.event_id, offset)
        if sessions.visitors.lent is not None:
            sessions.settle()

    def _sessions(self, partition: int) -> Sessions:
        sessions = self.sessions.get(partition)
        if sessions is None:
            sessions = self.sessions[partition] = Sessions(
                gap_s=self.settings.session_gap_s,
                basket_ttl_s=self.settings.basket_ttl_s,
                sessions_max=self.settings.sessions_max,
                personal_ttl_s=self.settings.personal_ttl_s,
            )
            sessions.orders.returned = self.orders.shares
        return sessions

    def _viewed(self, session: Session, event: ItemViewed) -> None:
        self.teaching.viewed(session, event)
        session.view(event)

    def _added(self, session: Session, event: ItemAdded) -> None:
        self.teaching.added(session, event)
        if event.receipt is not None or session.impressions:  # else it is nobody's doing
            self._credited(session, event)
        session.add(event)

    def _removed(self, session: Session, event: ItemRemoved) -> None:
        session.remove(event)
        self.attribution.removed(session, event)

    def _checked_out(self, session: Session, event: CheckoutStarted | CheckoutLeft) -> None:
        session.check_out(event) if isinstance(event, CheckoutStarted) else session.leave(event)

    def _basket_updated(self, session: Session, event: BasketUpdated) -> None:
        self.teaching.basket_set(session, event)
        session.set_basket(event)
        self.attribution.basket_set(session, event)

    def _forgotten(self, session: Session, event: ShopperForgotten) -> None:
        """Whoever denies is forgotten, by whichever event: see `Identity.sign`."""

    def _credited(self, session: Session, event: attribution.Feedback) -> None:
        self.attribution.credit(session, event, self.receipt_rules.counted(session, event))

    # The answer

    def answer(
        self,
        event: Event,
        partition: int,
        offset: int,
        pending: PendingPrompts,
        *,
        now_ms: int | None = None,
        catalog: Catalog | None = None,
        controls: Controlled | None = None,
    ) -> Answer:
        """What a folded event calls for at `now_ms`, changing nothing; `pending`: not shown yet."""
        sessions, asking = self.sessions.get(partition), event if asks(event) else None
        if self.settings.create_time_allowed and sessions is not None:
            believe(event, sessions.watermark_ms)  # which the fold of it has moved
        if sessions is None or (session := sessions.find(event.session_id)) is None:
            return Answer(silence=Silence("forgotten") if asking else None)
        if session.seen.first(event, offset) != offset:
            read_late = session.seen.was_read_late(event.event_id, offset)
            return Answer(
                silence=Silence("duplicate") if asking else None,
                outcomes=self._outcomes(session, event, sessions) if read_late else (),
                rejected=self.receipt_rules.rejected(session, event) if read_late else None,
            )
        withheld = Exclusions(catalog, event.segment) if catalog else None
        decided, shadows = NOTHING, NO_SHADOWS
        if asking is not None:
            mine = self.identity.seen_by(session, event)  # another one may be there by now
            decided = self.decision.decide(mine, asking, pending, now_ms, withheld, controls)
            shadows = self.decision.shadows(decided, mine, asking, withheld, controls)
        return Answer(
            *decided[:2],
            withdrawals(session, event, pending),
            () if type(event) is ItemViewed else self._outcomes(session, event, sessions),
            unit_outcomes(session, event, offset, self.experiment, self.settings),
            self.receipt_rules.rejected(session, event),
            () if withheld is None else tuple(withheld.noted.values()),
            *decided[2:],
            shadows,
        )

    def _outcomes(self, session: Session, event: Event, sessions: Sessions) -> tuple[Outcome, ...]:
        """What this event brought to the prompts of its session, and to those of its order."""
        found = [*session.impressions.values(), *sessions.orders.let_go.of(event)]
        if session.ties.before and (before := sessions.visitors.before(session)) is not None:
            found += before.impressions.values()
        if isinstance(event, OrderPlaced | OrderTakenBack):
            found += self.orders.impressions(event)
        if not found:  # as for most events
            return ()
        impressions = {id(one): one for one in found}.values()
        return tuple(outcomes(impressions, event, self.receipt_rules.opened(session, event)))

    # The state

    def parts(self) -> dict[str, Part]:
        """Everything that is folded, by name: see `streams.shop.state`."""
        learned = {name: part for name, part in vars(self.learned).items() if part is not None}
        return {
            "position": Positions(self.position),
            "sessions": SessionsByPartition(self.sessions, self._sessions, self.identity),
            **learned,
            **self.attribution.rewards.parts(),
        }

    def tables(self) -> dict[str, TableSize]:
        """How full what is bounded is; of sessions the fullest partition."""
        return tables(vars(self.learned), self.sessions)

    def state(self) -> dict[str, Any]:
        """All that is folded, as JSON."""
        return {name: part.state() for name, part in self.parts().items()}

    def digests(self) -> dict[str, str]:
        """Hashes of what must agree, by part: the same for every worker at the same position."""
        return digests(self.parts())

    def digest(self) -> str:
        """One hash of all of that."""
        return digest(self.digests())
