"""The decision: the pure function from what is known to a prompt, or to a silence with its reason.

For each slot that an event asks for, one after the other:

1. May we speak in this slot? The guards' "no" is a silence with its reason.
2. Arms without a candidate that passes the guards drop out.
3. The policy draws one of the arms that are left, from a vector of exact probabilities, by a keyed
   hash of session, event and slot (`streams.shop.decision.policy.draws`): the same event, asked
   twice of the same state, has one answer, and nobody outside can choose it. The arm that was drawn
   ranks its candidates. Where the number of items is decided, arms of which no item is worth its
   room drop out before (`streams.shop.decision.policy.item_numbers`).
4. The prompt carries evidence, reason, expiry, the whole vector, and a sealed receipt.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from models import Candidate, ThompsonSampling
from models.bandit.propensity import NO_LIMITS
from streams.contract.events import segment_names
from streams.contract.events.slots import Placement
from streams.contract.receipts import Receipts
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision import guards
from streams.shop.decision.arms import ARMS, Arm, CandidateQuery
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.slot_arms import proposing, slot_arms, upgradable
from streams.shop.decision.catalog.told_arms import told_arms
from streams.shop.decision.controls.arm_names import SPEAKING
from streams.shop.decision.controls.controls import Controlled
from streams.shop.decision.controls.shadows import NO_SHADOWS, Shadowed, shadowed
from streams.shop.decision.languages.messages import TEXTS, texts_for
from streams.shop.decision.policy import item_values
from streams.shop.decision.policy.best_worth import BestWorthArm, led
from streams.shop.decision.policy.draws import DrawSeeds
from streams.shop.decision.policy.item_numbers import ItemNumbers
from streams.shop.decision.prompt_writer import PromptWriter
from streams.shop.decision.slots import upgrades
from streams.shop.decision.slots.anchors import anchor_of, bought_with
from streams.shop.decision.slots.bundles import BundleArm
from streams.shop.decision.slots.incentives import offer_of, with_offer
from streams.shop.decision.slots.one_event import OneEvent
from streams.shop.decision.slots.strategy import Strategy, on_offer
from streams.shop.memory.answer import NO_SILENCES, OutgoingPrompt, Silence
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.reward.offer_rates import OfferRates
from streams.shop.memory.orders.reward.returned_shares import ReturnedShares
from streams.shop.memory.pending_prompts import PendingPrompt, PendingPrompts
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent, slots_of


class Decided(NamedTuple):
    """What an event that asks gets, as the fields of an `Answer`."""

    prompt: OutgoingPrompt | None = None
    silence: Silence | None = None
    further_prompts: tuple[OutgoingPrompt, ...] = ()
    silent_slots: Mapping[Placement, Silence] = NO_SILENCES


NOTHING = Decided()
"""To an event that asks nothing."""

UNDRAWN = frozenset({"no_candidate", "withheld", "arms_off", "not_worth"})
"""Silences by which no arm was drawn though we might speak: shadows are compared with them, too."""


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
        rates: OfferRates | None = None,
    ) -> None:
        self.settings = settings
        self.learned = learned
        self.policy = policy
        self.draws = draws
        self.arms = arms
        self.ttl_ms = round(settings.prompt_ttl_s * 1000)
        said = settings.reason_evidence
        known_texts = texts_for((*arms, *SPEAKING), texts)
        self.writer = PromptWriter(receipts, known_texts, self.ttl_ms, evidence_said=said)
        self.segments = segment_names(settings)
        self.in_money = settings.reward == "net"
        self.returned = ReturnedShares.of(settings)
        """Who sends too much back, and what comes back too often, where that is asked for."""
        self.numbers = None if rates is None else ItemNumbers(settings, learned, rates)
        self.best_worth = None if rates is None else BestWorthArm.of(learned, rates)

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
        controls: Controlled | None = None,
    ) -> Decided:
        """A prompt for each slot that this event asks for, or why there is none.

        What would have expired by `now_ms` is not said: after a backlog, a takeover or a back-fill
        nobody waits for it any more. `exclusions` know what a catalogue keeps out, if there is one,
        and `controls` what operators have set, if anything.
        """
        slots = slots_of(event)
        if now_ms is not None and now_ms - event.received_at_ms >= self.ttl_ms:
            return Decided(silence=Silence("expired"))
        unseen = pending.of(session.session_id)
        if session.ties.formers:
            unseen = pending.of_visitor(session.session_id, session.ties.formers)
        if len(slots) == 1:
            shared = None if exclusions is None else OneEvent()
            only = self.in_slot(session, event, unseen, exclusions, slots[0], controls, shared)
            return Decided(None, only) if isinstance(only, Silence) else Decided(only)
        shared, silences = OneEvent(), dict[Placement, Silence]()
        for slot in slots:
            said = self.in_slot(session, event, unseen, exclusions, slot, controls, shared)
            if isinstance(said, Silence):
                silences[slot] = said
            else:
                shared.answer(slot, said)
        first, *further = shared.prompts.values() or (None,)
        silence = next(iter(silences.values())) if first is None else None
        return Decided(first, silence, tuple(further), silences)

    def in_slot(
        self,
        session: Session,
        event: AskingEvent,
        unseen: Sequence[PendingPrompt],
        exclusions: Exclusions | None,
        slot: Placement,
        controls: Controlled | None,
        shared: OneEvent | None = None,
    ) -> OutgoingPrompt | Silence:
        """A prompt for one slot; `shared` with others of this event, if it asks for several.

        An item stands in one of them at most.
        """
        if controls is not None and controls.paused:
            return Silence("paused")
        settings = self.settings if controls is None else controls.settings
        before = () if shared is None else shared.prompts
        silence = guards.silenced(session, event, unseen, settings, slot, before)
        if silence is not None:
            return silence
        if self.returned is not None and self.returned.returns_too_much(session.shopper_id):
            return Silence("returns")
        anchor = anchor_of(session, event)
        if anchor is None:
            return Silence("no_candidate")
        idle = controls is not None and controls.idle
        if slot == upgrades.ARM and not idle and not upgradable(exclusions, anchor, event):
            return Silence("no_candidate")
        asked, ordered = (session, anchor, event.time_s), bought_with(event)
        question = self.question(*asked, exclusions, settings, (), ordered, shared)
        return self._drawn(session, event, slot, exclusions, controls, question)

    def _drawn(
        self,
        session: Session,
        event: AskingEvent,
        slot: Placement,
        exclusions: Exclusions | None,
        controls: Controlled | None,
        question: CandidateQuery,
    ) -> OutgoingPrompt | Silence:
        """The prompt of the arm that is drawn for a question; a silence where there is none."""
        arms = self.strategies(controls)
        if exclusions is not None or slot == upgrades.ARM:
            by = () if controls is None else (controls.off, controls.sources)
            arms = slot_arms(arms, session, event, slot, exclusions, question, self.thresholds, *by)
        offering = proposing(arms, self.learned, question, exclusions)
        if not offering:
            return self._silence(question, slot, exclusions, controls)
        context = self.context(session, event, slot)
        seed = self.draws.seed(event.identity, slot)
        picked: Mapping[str, list[Candidate]] | None = None
        if self.numbers is not None:
            named = ((name, arms[name]) for name in offering)
            if not (picked := self.numbers.picked(named, question, context, seed)):
                return Silence("not_worth")
            offering = [*picked]
        if controls is not None and not controls.speaks(offering, seed):
            return Silence("ramp")
        limits = NO_LIMITS if controls is None else controls.limits
        limits = limits if self.best_worth is None else led(limits, arms, offering, question)
        choice = self.policy.choose(offering, context, seed, limits=limits)
        drawn = arms[choice.arm]
        candidates = picked[choice.arm] if picked else drawn.candidates(self.learned, question)
        if not candidates:  # it promised some: a prompt less is better than a worker less
            return Silence("no_candidate")
        known: tuple[ItemWorth, ...] = ()
        if self.in_money or type(drawn) is BundleArm:  # a promise is sealed in any case
            known = item_values.worths(candidates, question, drawn)
        of = slot, question.anchor, context, choice, candidates, known
        said = self.writer.prompt(session, event, *of)
        offer = None if type(drawn) is Arm else offer_of(drawn, candidates, question)
        return with_offer(said, slot, offer)

    def strategies(self, controls: Controlled | None) -> Mapping[str, Strategy]:
        """The arms that need no catalogue, and `best_worth`, as far as controls let them be."""
        arms, off = (self.arms, ()) if controls is None else (controls.arms, controls.off)
        return arms if self.best_worth is None else self.best_worth.beside(arms, off)

    def _silence(
        self,
        question: CandidateQuery,
        slot: Placement,
        exclusions: Exclusions | None,
        controls: Controlled | None,
    ) -> Silence:
        """Why nothing is offered though we might speak: for controls, the catalogue, or nothing."""
        if controls is not None and (
            slot in controls.off or on_offer(controls.idle, self.learned, question)
        ):
            return Silence("arms_off")
        return Silence("no_candidate") if exclusions is None else exclusions.silence()

    def shadows(
        self,
        decided: Decided,
        session: Session,
        event: AskingEvent,
        exclusions: Exclusions | None,
        controls: Controlled | None,
    ) -> tuple[Shadowed, ...]:
        """What arms in shadow would have offered beside what was decided, where it came to that.

        Of several slots it is the first one with a prompt that they are compared with.
        """
        if controls is None or not controls.shadow:
            return NO_SHADOWS
        prompt, silence = decided.prompt, decided.silence
        anchor = anchor_of(session, event)
        if anchor is None or (prompt is None and silence and silence.reason not in UNDRAWN):
            return NO_SHADOWS
        shown = () if prompt is None else prompt.items
        apart = None if exclusions is None else exclusions.anew()
        question = self.question(session, anchor, event.time_s, apart, controls.settings)
        arms = self.strategies(None)
        if apart is not None:
            arms = {**arms, **told_arms(apart.catalog)}
        return shadowed(arms, controls.shadow, self.learned, question, shown)

    def question(
        self,
        session: Session,
        anchor: str,
        time_s: float,
        exclusions: Exclusions | None = None,
        settings: Settings | None = None,
        offered: Sequence[str] = (),
        ordered: Sequence[str] = (),
        shared: OneEvent | None = None,
    ) -> CandidateQuery:
        """What the arms are asked: the session, and what is out of the question for it.

        Out of it are also items that are `offered` in another slot, or were just `ordered`; what is
        `shared` with other slots of the event knows what was offered there.
        """
        settings = settings or self.settings
        known = session, anchor, time_s, self.learned, settings, self.returned, ordered
        if shared is None:
            excluded, rankings = guards.kept_out(*known), None
            excluded.update(offered)
        else:
            excluded, rankings = shared.excluded(lambda: guards.kept_out(*known)), shared.rankings
            offered = shared.offered
        out: Collection[str] = excluded
        if exclusions is not None:
            beside = (*session.basket, anchor, *ordered)
            exclusions.fill(excluded, beside, session, self.learned, offered)
            out = exclusions
        most = settings.prompt_items_max
        return CandidateQuery(session, anchor, time_s, out, most, ordered, rankings)

    def context(self, session: Session, event: AskingEvent, slot: Placement) -> str:
        """What the policy knows: the slot, and the segment (one of a fixed list)."""
        known = "known" if session.shopper_id is not None else "new"
        segment = event.segment if event.segment in self.segments else known
        return f"{slot}/{segment}"
