"""What became of one item at one decision: recomputed by the function that decided.

The question is asked again as the decision asked it, of every arm, with this item allowed and with
as many places as there are: so there is a rank where the item was in the running, and a reason
where it was not. Nothing is drawn anew; what was drawn is read off the prompt.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from models import Candidate, CoOccurrence
from streams.contract.events.slots import Placement
from streams.contract.prompts import Prompt
from streams.shop.decision.arms import Arm, CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog, Withholding
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.controls.controls import Controlled
from streams.shop.decision.decision import UNDRAWN
from streams.shop.decision.slots.anchors import anchor_of, bought_with
from streams.shop.decision.withdrawals import sent_away
from streams.shop.memory.answer import Silence, SilenceReason
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent
from streams.shop.shop import Shop

RANKED_MAX = 1_000
"""An item of a lower rank counts as no candidate: nobody looks so far."""

Refusal = (
    Literal[
        "in_basket",
        "asked",
        "just_ordered",
        "bought",
        "taken_out",
        "sent_away",
        "staple",
        "in_another_slot",
    ]
    | Withholding
)
"""Why an item must not be offered, whoever proposes it."""
Missing = Literal[
    "unknown",
    "never_met",
    "too_few",
    "mere_chance",
    "no_history",
    "not_ranked",
]
"""Why an arm does not propose an item."""
Verdict = Literal[
    "offered", "silence", "refused", "no_candidate", "arm_idle", "not_drawn", "ranked_below"
]
"""The first of these that holds."""


class MeetingCounts(NamedTuple):
    """How an item stands to the item of the session that it met most, in whole counts."""

    anchor: str
    together: int
    of: int
    """How often the anchor was there."""
    lift: float
    """How much more often they met than chance has it: 1 by chance."""


class Source(NamedTuple):
    """What one arm says of the item."""

    arm: str
    drawable: bool
    """Whether controls let it be drawn."""
    propensity: float | None
    """With which probability it was drawn; None: it had nothing on offer, or nothing was said."""
    rank: int | None
    """1 is the best; None: it does not propose the item."""
    candidate: Candidate | None
    missing: Missing | None
    """Why it does not."""
    counts: MeetingCounts | None
    """Where it goes by what met what."""


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


class _AllBut(Collection[str]):
    """What is out of the question, but for one item."""

    def __init__(self, excluded: Collection[str], item_id: str) -> None:
        self._excluded, self._item_id = excluded, item_id

    def __contains__(self, item: object) -> bool:
        return item != self._item_id and item in self._excluded

    def __len__(self) -> int:
        return len(self._excluded)

    def __iter__(self) -> Iterator[str]:
        return (item for item in self._excluded if item != self._item_id)


def considered(shop: Shop, asked: DecisionAsked, item_id: str) -> Considered:
    """What became of an item when this event, which the shop has just folded, was answered."""
    event, slot, prompt = asked.event, asked.slot, asked.prompt
    session = shop.sessions[asked.partition].find(event.session_id)
    if session is None:  # displaced by others: nothing is known of it
        return Considered(item_id, slot, None, "silence", "forgotten", (), (), (), None)
    session = shop.identity.seen_by(session, event)
    anchor = anchor_of(session, event)
    settings = shop.settings if asked.controls is None else asked.controls.settings
    chosen = () if prompt is None else tuple(item.item_id for item in prompt.items)
    drawn = None if prompt is None else prompt.arm
    refusals: tuple[Refusal, ...] = ()
    sources: tuple[Source, ...] = ()
    if anchor is not None:
        out = None if asked.catalog is None else Exclusions(asked.catalog)
        question = shop.decision.question(
            session, anchor, event.time_s, out, settings, asked.beside, bought_with(event)
        )
        refusals = tuple(_refusals(shop, session, asked, question, item_id))
        arms = {} if slot == "upgrade" else shop.decision.arms
        sources = tuple(_sources(shop, arms, question, asked, item_id))
    silence = None if chosen else _silence(shop, session, asked)
    verdict = _verdict(item_id, chosen, silence, refusals, sources, drawn)
    return Considered(*(item_id, slot, anchor, verdict, silence, refusals, sources, chosen, drawn))


def _silence(shop: Shop, session: Session, asked: DecisionAsked) -> SilenceReason | None:
    """Why nothing was said, whatever the item; None: no arm had anything to offer."""
    unseen = asked.pending.of_visitor(session.session_id, session.ties.formers)
    out = None if asked.catalog is None else Exclusions(asked.catalog)
    said = shop.decision.in_slot(session, asked.event, unseen, out, asked.slot, asked.controls)
    if not isinstance(said, Silence):
        return "expired"  # it is not on the topic: answered too late, or gone by retention
    return None if said.reason in UNDRAWN else said.reason


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


def _refusals(
    shop: Shop, session: Session, asked: DecisionAsked, question: CandidateQuery, item_id: str
) -> Iterator[Refusal]:
    """Why the item is out of the question: all that holds, not the first alone."""
    withheld = shop.settings.staples_withheld
    bought = item_id in _bought(shop, session, question.time_s)
    holds: dict[Refusal, bool] = {
        "in_basket": item_id in session.basket,
        "asked": item_id == question.anchor,
        "just_ordered": item_id in question.beside,
        "bought": bought,
        "taken_out": not bought and item_id in session.taken_in_this_visit(),
        "sent_away": item_id in sent_away(session),
        "staple": bool(withheld) and item_id in shop.learned.popularity.top(withheld),
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


def _sources(
    shop: Shop,
    arms: Mapping[str, Arm],
    question: CandidateQuery,
    asked: DecisionAsked,
    item_id: str,
) -> Iterator[Source]:
    """What each arm says of the item, were it allowed."""
    chances = {} if asked.prompt is None else asked.prompt.propensities
    idle = {} if asked.controls is None else asked.controls.idle
    alone = question._replace(excluded=_AllBut(question.excluded, item_id), items_max=RANKED_MAX)
    for name, arm in arms.items():
        model = arm.source(shop.learned)
        if model is None:
            continue  # the settings do not ask for it
        ranked = arm.candidates(shop.learned, alone)
        place = next((at for at, one in enumerate(ranked) if one.item == item_id), None)
        context = [one for one in arm.context(question) if one != item_id]
        counts = _counts(model, context, item_id) if isinstance(model, CoOccurrence) else None
        yield Source(
            arm=name,
            drawable=name not in idle,
            propensity=chances.get(name),
            rank=None if place is None else place + 1,
            candidate=None if place is None else ranked[place],
            missing=None if place is not None else _missing(model, counts, context, ranked),
            counts=counts,
        )


def _counts(model: CoOccurrence, context: Sequence[str], item_id: str) -> MeetingCounts | None:
    """How the item stands to the one of the context that it met most."""
    met = [(item, model.lift(item, item_id)) for item in context]
    if not met:
        return None
    anchor, most = max(met, key=lambda pair: (pair[1].together, pair[1].of_b, pair[0]))
    return MeetingCounts(anchor, most.together, most.of_a, most.lift)


def _missing(
    model: object, counts: MeetingCounts | None, context: Sequence[str], ranked: Sequence[Candidate]
) -> Missing:
    """Why a source does not propose an item."""
    if isinstance(model, CoOccurrence):
        if counts is None or not counts.of:
            return "unknown"
        if not counts.together:
            return "never_met"
        if counts.together < model.together_min:
            return "too_few"
        return "not_ranked" if len(ranked) >= RANKED_MAX else "mere_chance"
    if not context:
        return "no_history"
    return "not_ranked" if len(ranked) >= RANKED_MAX else "unknown"
