"""The decision: the pure function from what is known to a prompt, or to a silence with its reason.

For each slot that an event asks for, one after the other:

1. May we speak in this slot? The guards' "no" is a silence with its reason.
2. Arms without a candidate that passes the guards drop out.
3. The policy draws one of the arms that are left, from a vector of exact probabilities, by a keyed
   hash of session, event and slot (`streams.shop.decision.draws`): the same event, asked twice
   of the same state, has one answer, and nobody outside can choose it. The arm that was drawn ranks
   its candidates.
4. The prompt carries evidence, reason, expiry, the whole vector, and a sealed receipt.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from models import Candidate, Choice, ThompsonSampling
from streams.contract.events import segment_names
from streams.contract.events.slots import Placement
from streams.contract.prompts import prompt_id
from streams.contract.receipts import Receipt, Receipts
from streams.contract.settings import Settings
from streams.shop.decision import guards
from streams.shop.decision.arms import ARMS, Arm, CandidateQuery
from streams.shop.decision.catalog import Exclusions
from streams.shop.decision.draws import DrawSeeds
from streams.shop.decision.messages import TEXTS, reason
from streams.shop.decision.slots import top_up, upgrades
from streams.shop.decision.slots.anchors import anchor_of, bought_with
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.top_up import TopUpArm
from streams.shop.decision.slots.upgrades import UpgradeArm, told_price
from streams.shop.memory.answer import NO_SILENCES, OutgoingPrompt, Silence
from streams.shop.memory.learned import Learned
from streams.shop.memory.pending_prompts import PendingPrompt, PendingPrompts
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent, slots_of

NO_PROMPTS: Mapping[Placement, OutgoingPrompt] = MappingProxyType({})


class Decided(NamedTuple):
    """What an event that asks gets, as the fields of an `Answer`."""

    prompt: OutgoingPrompt | None = None
    silence: Silence | None = None
    further_prompts: tuple[OutgoingPrompt, ...] = ()
    silent_slots: Mapping[Placement, Silence] = NO_SILENCES


NOTHING = Decided()
"""To an event that asks nothing."""


class Decision:
    """Decides from what has been learned; changes none of it."""

    def __init__(
        self,
        settings: Settings,
        learned: Learned,
        policy: ThompsonSampling,
        receipts: Receipts,
        draws: DrawSeeds,
        arms: Mapping[str, Arm] = ARMS,
        texts: Mapping[str, Mapping[str, str]] = TEXTS,
    ) -> None:
        self.settings = settings
        self.learned = learned
        self.policy = policy
        self.receipts = receipts
        self.draws = draws
        self.arms = arms
        self.texts = texts
        self.ttl_ms = round(settings.prompt_ttl_s * 1000)
        self.segments = segment_names(settings)

    @cached_property
    def thresholds(self) -> Mapping[str, int]:
        """From which worth of a basket on shipping is free, by currency."""
        return self.settings.free_shipping_minor

    def decide(
        self,
        session: Session,
        event: AskingEvent,
        pending: PendingPrompts,
        now_ms: int | None = None,
        exclusions: Exclusions | None = None,
    ) -> Decided:
        """A prompt for each slot that this event asks for, or why there is none.

        What would have expired by `now_ms` is not said: after a backlog, a takeover or a back-fill
        nobody waits for it any more. `exclusions` know what a catalogue keeps out, if there is one.
        """
        slots = slots_of(event)
        if now_ms is not None and now_ms - event.received_at_ms >= self.ttl_ms:
            return Decided(silence=Silence("expired"))
        unseen = pending.of(session.session_id)
        if session.ties.formers:
            unseen = pending.of_visitor(session.session_id, session.ties.formers)
        if len(slots) == 1:
            only = self.in_slot(session, event, unseen, exclusions, slots[0])
            return Decided(None, only) if isinstance(only, Silence) else Decided(only)
        prompts: dict[Placement, OutgoingPrompt] = {}
        silences: dict[Placement, Silence] = {}
        for slot in slots:
            said = self.in_slot(session, event, unseen, exclusions, slot, prompts)
            if isinstance(said, Silence):
                silences[slot] = said
            else:
                prompts[slot] = said
        first, *further = prompts.values() or (None,)
        silence = next(iter(silences.values())) if first is None else None
        return Decided(first, silence, tuple(further), silences)

    def in_slot(
        self,
        session: Session,
        event: AskingEvent,
        unseen: Sequence[PendingPrompt],
        exclusions: Exclusions | None,
        slot: Placement,
        before: Mapping[Placement, OutgoingPrompt] = NO_PROMPTS,
    ) -> OutgoingPrompt | Silence:
        """A prompt for one slot; `before`: what was decided for others of this event.

        An item stands in one of them at most.
        """
        silence = guards.silenced(session, event, unseen, self.settings, slot, before)
        if silence is not None:
            return silence
        anchor = anchor_of(session, event)
        if anchor is None:
            return Silence("no_candidate")
        offered = [i for prompt in before.values() for i in prompt.items] if before else ()
        ordered = bought_with(event)
        question = self.question(session, anchor, event.time_s, exclusions, offered, ordered)
        if (
            slot == upgrades.ARM and exclusions is not None
        ):  # a larger one of the same kind may be better
            exclusions.beside(item for item in (*session.basket, *ordered) if item != anchor)
        arms: Mapping[str, Strategy] = self.arms
        if exclusions is not None or slot == upgrades.ARM:
            arms = self._arms_of(session, event, slot, exclusions)
        offering = [name for name, arm in arms.items() if arm.proposes(self.learned, question)]
        if not offering:
            return Silence("no_candidate") if exclusions is None else exclusions.silence()
        context = self.context(session, event, slot)
        choice = self.policy.choose(offering, context, self.draws.seed(event.identity, slot))
        candidates = arms[choice.arm].candidates(self.learned, question)
        if not candidates:  # it promised some: a prompt less is better than a worker less
            return Silence("no_candidate")
        said = self._outgoing_prompt(session, event, slot, anchor, context, choice, candidates)
        if slot == upgrades.ARM:
            said.fields["kind"] = "upsell"
        if type(drawn := arms[choice.arm]) is TopUpArm:
            said.fields["offer"] = {"type": "free_shipping", **drawn.gap._asdict()}
        return said

    def _arms_of(
        self,
        session: Session,
        event: AskingEvent,
        slot: Placement,
        exclusions: Exclusions | None,
    ) -> Mapping[str, Strategy]:
        """The arms of a slot, with those that need the catalogue."""
        if exclusions is None:
            return {}
        if slot == upgrades.ARM:
            return {slot: UpgradeArm(exclusions.upgrades, told_price(event))}
        if slot not in top_up.SLOTS or not self.thresholds:
            return self.arms
        missing = top_up.gap(session.basket, exclusions.prices, self.thresholds)
        if missing is None:
            return self.arms
        return {**self.arms, top_up.ARM: TopUpArm(missing, exclusions.prices, self.arms)}

    def question(
        self,
        session: Session,
        anchor: str,
        time_s: float,
        exclusions: Exclusions | None = None,
        offered: Sequence[str] = (),
        ordered: Sequence[str] = (),
    ) -> CandidateQuery:
        """What the arms are asked: the session, and what is out of the question for it.

        Out of it are also items that are `offered` in another slot, or were just `ordered`.
        """
        settings, just_bought = self.settings, set[str]()
        if offered or ordered:
            just_bought |= {*offered, *ordered}
        since_s = min(time_s - settings.just_bought_s, session.started_ms // 1000)
        if session.bought:
            just_bought |= session.bought_since(1000 * since_s)
        if session.shopper_id is not None and settings.just_bought_s:
            just_bought |= self.learned.repeats.bought_since(session.shopper_id, since_s)
        withheld = settings.staples_withheld
        staples = self.learned.popularity.top(withheld) if withheld else ()
        excluded = guards.excluded(session, anchor, just_bought=just_bought, staples=staples)
        most = settings.prompt_items_max
        if exclusions is None:
            return CandidateQuery(session, anchor, time_s, excluded, most, ordered)
        exclusions.fill(excluded, (*session.basket, anchor, *offered, *ordered))
        return CandidateQuery(session, anchor, time_s, exclusions, most, ordered)

    def context(self, session: Session, event: AskingEvent, slot: Placement) -> str:
        """What the policy knows: the slot, and the segment (one of a fixed list)."""
        known = "known" if session.shopper_id is not None else "new"
        segment = event.segment if event.segment in self.segments else known
        return f"{slot}/{segment}"

    def _outgoing_prompt(
        self,
        session: Session,
        event: AskingEvent,
        placement: Placement,
        asked_for: str,
        context: str,
        choice: Choice,
        candidates: list[Candidate],
    ) -> OutgoingPrompt:
        identity = prompt_id(event.event_id, event.session_id, placement)
        items = tuple([candidate.item for candidate in candidates])
        now_ms, who = event.occurred_at_ms, session.session_id
        expires_at_ms = event.received_at_ms + self.ttl_ms
        worth = choice.arm, context, choice.propensity, choice.estimate
        chances, expected = choice.propensities, choice.estimates
        vector = (*chances,), (*chances.values(),), (*map(expected.__getitem__, chances),)
        receipt = Receipt(identity, who, *worth, items, now_ms, expires_at_ms, *vector)
        anchor, source = candidates[0].anchor or asked_for, candidates[0].source
        key = f"{choice.arm}/{source}" if source else choice.arm  # the strongest of several
        fields = {
            "prompt_id": identity,
            "session_id": who,
            "placement": placement,
            "anchor": asked_for,
            "items": [_item(candidate) for candidate in candidates],
            "arm": choice.arm,
            "context": context,
            "propensity": choice.propensity,
            "propensities": chances,
            "estimates": expected,
            "reason": reason(key, anchor=anchor, locale=event.locale, texts=self.texts),
            "caused_by": event.event_id,
            "occurred_at_ms": now_ms,
            "expires_at_ms": expires_at_ms,
        }
        own = identity, who, items, choice.arm, event.event_id, now_ms, expires_at_ms
        return OutgoingPrompt(*own, fields, partial(self.receipts.seal, receipt))


def _item(candidate: Candidate) -> dict[str, Any]:
    """The candidate as the fields of a `PromptItem`."""
    item, score, together, of, anchor, _ = candidate
    evidence = {"anchor": anchor, "together": together, "of": of}
    return {"item_id": item, "score": score, "evidence": evidence}
