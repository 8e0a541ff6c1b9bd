"""What became of one item at one decision: recomputed by the function that decided.

The question is asked again as the decision asked it, of every arm, with this item allowed and with
as many places as there are: so there is a rank where the item was in the running, and a reason
where it was not. Nothing is drawn anew; what was drawn is read off the prompt.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from streams.contract.events.slots import Placement
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.operations.explanation.why_not.proposals import Source, proposals
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog, Withholding
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.slot_arms import slot_arms
from streams.shop.decision.controls.controls import Controlled
from streams.shop.decision.decision import UNDRAWN
from streams.shop.decision.slots.anchors import anchor_of, bought_with
from streams.shop.decision.slots.bundles import ARM as BUNDLE
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.withdrawals import sent_away
from streams.shop.memory.answer import Silence, SilenceReason
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent
from streams.shop.shop import Shop

Refusal = (
    Literal[
        "in_basket",
        "asked",
        "just_ordered",
        "bought",
        "taken_out",
        "sent_away",
        "staple",
        "comes_back",
        "in_another_slot",
    ]
    | Withholding
)
"""Why an item must not be offered, whoever proposes it."""
Verdict = Literal[
    "offered",
    "silence",
    "refused",
    "no_candidate",
    "arm_idle",
    "not_drawn",
    "not_worth",
    "ranked_below",
]
"""The first of these that holds."""


class Considered(NamedTuple):
    """What became of an item at a decision."""

    item_id: str
    slot: Placement
    anchor: str | None
    verdict: Verdict
    silence: SilenceReason | None
    refusals: tuple[Refusal, ...]
    sources: tuple[Source, ...]
    chosen: tuple[str, ...]
    """The items of the prompt, best first."""
    drawn: str | None
    """Its arm."""


class DecisionAsked(NamedTuple):
    """A decision: what asked, and what stood then."""

    event: AskingEvent
    partition: int
    slot: Placement
    pending: PendingPrompts
    prompt: Prompt | None
    """What was published for this slot, if anything."""
    beside: tuple[str, ...] = ()
    """Items of the prompts for other slots of the same event."""
    catalog: Catalog | None = None
    controls: Controlled | None = None

    def exclusions(self) -> Exclusions | None:
        """What the catalogue keeps out of it, for one question."""
        return None if self.catalog is None else Exclusions(self.catalog, self.event.segment)

    def settings(self, shop: Shop) -> Settings:
        """The shop's, as far as controls do not say otherwise."""
        return shop.settings if self.controls is None else self.controls.settings


def considered(shop: Shop, asked: DecisionAsked, item_id: str) -> Considered:
    """What became of an item when this event, which the shop has just folded, was answered."""
    event, slot, prompt = asked.event, asked.slot, asked.prompt
    session = shop.sessions[asked.partition].find(event.session_id)
    if session is None:  # displaced by others: nothing is known of it
        return Considered(item_id, slot, None, "silence", "forgotten", (), (), (), None)
    session = shop.identity.seen_by(session, event)
    anchor = anchor_of(session, event)
    chosen = () if prompt is None else tuple(item.item_id for item in prompt.items)
    drawn = None if prompt is None else prompt.arm
    refusals: tuple[Refusal, ...] = ()
    sources: tuple[Source, ...] = ()
    whole = False
    if anchor is not None:
        question, arms = asked_again(shop, session, asked, anchor)
        refusals = tuple(refusals_of(shop, session, asked, question, item_id))
        chances = {} if prompt is None else prompt.propensities
        idle = idle_arms(asked.controls)
        drawable = {name: arm for name, arm in arms.items() if name not in idle}
        whole = "requires" in refusals and _in_a_bundle(shop, drawable, question, item_id)
        if whole:  # it needs what it is offered with: a bundle is taken whole
            refusals = tuple(one for one in refusals if one != "requires")
        sources = tuple(proposals(shop.learned, arms, question, chances, idle, item_id))
    silence = None if chosen else _silence(shop, session, asked)
    verdict = _verdict(item_id, chosen, silence, refusals, sources, drawn)
    if whole and verdict == "ranked_below" and drawn != BUNDLE:  # alone it is out of the question
        verdict = "not_drawn"
    few = shop.decision.numbers is not None and len(chosen) < asked.settings(shop).prompt_items_max
    if few and verdict == "ranked_below":
        verdict = "not_worth"
    return Considered(*(item_id, slot, anchor, verdict, silence, refusals, sources, chosen, drawn))


def _in_a_bundle(
    shop: Shop, arms: Mapping[str, Strategy], question: CandidateQuery, item_id: str
) -> bool:
    """Whether an item would be offered as a part of a bundle, with all that it needs."""
    arm = arms.get(BUNDLE)
    found = () if arm is None else arm.candidates(shop.learned, question)
    return any(one.item == item_id for one in found)


def asked_again(
    shop: Shop, session: Session, asked: DecisionAsked, anchor: str
) -> tuple[CandidateQuery, Mapping[str, Strategy]]:
    """The question, as the decision asked it, and the arms of its slot."""
    event, out = asked.event, asked.exclusions()
    question = shop.decision.question(
        *(session, anchor, event.time_s, out, asked.settings(shop)),
        *(asked.beside, bought_with(event)),
    )
    # for an upgrade this changes the surroundings, by which items are judged from then on
    return question, _arms(shop, session, asked, out, question)


def _arms(
    shop: Shop,
    session: Session,
    asked: DecisionAsked,
    out: Exclusions | None,
    question: CandidateQuery,
) -> Mapping[str, Strategy]:
    """The arms of the slot: all that there are, and as they were drawn those that may be."""
    about = session, asked.event, asked.slot, out, question, shop.decision.thresholds
    every = slot_arms(shop.decision.strategies(None), *about)
    if asked.controls is None:
        return every
    by = asked.controls.off, asked.controls.sources
    return {**every, **slot_arms(shop.decision.strategies(asked.controls), *about, *by)}


def idle_arms(controls: Controlled | None) -> Collection[str]:
    """The arms that controls do not let be drawn."""
    return () if controls is None else {*controls.idle, *controls.off}


def _silence(shop: Shop, session: Session, asked: DecisionAsked) -> SilenceReason | None:
    """Why nothing was said, whatever the item; None: no arm had anything to offer."""
    unseen = asked.pending.of_visitor(session.session_id, session.ties.formers)
    out = asked.exclusions()
    said = shop.decision.in_slot(session, asked.event, unseen, out, asked.slot, asked.controls)
    if not isinstance(said, Silence):
        return "expired"  # it is not on the topic: answered too late, or gone by retention
    return None if said.reason in UNDRAWN - {"not_worth"} else said.reason


def _verdict(
    item_id: str,
    chosen: Sequence[str],
    silence: SilenceReason | None,
    refusals: Sequence[Refusal],
    sources: Sequence[Source],
    drawn: str | None,
) -> Verdict:
    if item_id in chosen:
        return "offered"
    if silence is not None:
        return "silence"
    if refusals:
        return "refused"
    proposing = [source for source in sources if source.rank is not None]
    if not proposing:
        return "no_candidate"
    if any(source.arm == drawn for source in proposing):
        return "ranked_below"
    return "not_drawn" if any(source.drawable for source in proposing) else "arm_idle"


def refusals_of(
    shop: Shop, session: Session, asked: DecisionAsked, question: CandidateQuery, item_id: str
) -> Iterator[Refusal]:
    """Why the item is out of the question: all that holds, not the first alone."""
    withheld, returned = shop.settings.staples_withheld, shop.orders.shares
    bought = item_id in _bought(shop, session, question.time_s)
    holds: dict[Refusal, bool] = {
        "in_basket": item_id in session.basket,
        "asked": item_id == question.anchor,
        "just_ordered": item_id in question.beside,
        "bought": bought,
        "taken_out": not bought and item_id in session.taken_in_this_visit(),
        "sent_away": item_id in sent_away(session),
        "staple": bool(withheld) and item_id in shop.learned.popularity.top(withheld),
        "comes_back": returned is not None and item_id in returned.often_back,
        "in_another_slot": item_id in asked.beside,
    }
    yield from (refusal for refusal, so in holds.items() if so)
    excluded = question.excluded
    if isinstance(excluded, Exclusions) and item_id in excluded and item_id in excluded.noted:
        yield excluded.noted[item_id]


def _bought(shop: Shop, session: Session, time_s: float) -> set[str]:
    """What was bought in this visit or a short while ago, by the session or its shopper."""
    since_s = min(time_s - shop.settings.just_bought_s, session.started_ms // 1000)
    bought: set[str] = session.bought_since(1000 * since_s)
    if session.shopper_id is not None and shop.settings.just_bought_s:
        bought |= shop.learned.repeats.bought_since(session.shopper_id, since_s)
    return bought
