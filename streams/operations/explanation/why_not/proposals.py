"""What each arm says of one item, asked as the decision asked it, were the item allowed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from models import Candidate, CoOccurrence, Popularity
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import Arm, CandidateQuery
from streams.shop.decision.catalog.exclusions import UNKNOWN, Exclusions
from streams.shop.decision.catalog.slot_arms import FittingArm
from streams.shop.decision.policy.best_worth import BestWorthArm
from streams.shop.decision.slots.incentives import is_whole
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.top_up import TopUpArm
from streams.shop.memory.learned import Learned

RANKED_MAX = 1_000
"""An item of a lower rank counts as no candidate: nobody looks so far."""

Missing = Literal[
    "unknown",
    "never_met",
    "too_few",
    "mere_chance",
    "no_history",
    "never_chosen",
    "not_said",
    "unfit",
    "no_price",
    "no_margin",
    "too_dear",
    "no_source",
    "no_reach",
    "no_top_up",
    "no_bundle",
    "not_ranked",
]
"""Why an arm does not propose an item."""


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


class _AllBut(Collection[str]):
    """What is out of the question, but for one item."""

    def __init__(self, excluded: Collection[str], item_id: str) -> None:
        self._excluded, self._item_id = excluded, item_id

    def __contains__(self, item: object) -> bool:
        return item != self._item_id and item in self._excluded

    def worth(self, item_id: str) -> ItemWorth:
        """What the catalogue says that an item earns, where there is one."""
        known = self._excluded
        return known.worth(item_id) if isinstance(known, Exclusions) else UNKNOWN

    def __len__(self) -> int:
        return len(self._excluded)

    def __iter__(self) -> Iterator[str]:
        return (item for item in self._excluded if item != self._item_id)


Said = tuple[int | None, Candidate | None, Missing | None, MeetingCounts | None]
"""The last fields of a `Source`."""


def proposals(
    learned: Learned,
    arms: Mapping[str, Strategy],
    question: CandidateQuery,
    chances: Mapping[str, float],
    idle: Collection[str],
    item_id: str,
) -> Iterator[Source]:
    """What each arm says of the item, were it allowed; `idle` are those that are not drawn."""
    allowed = question._replace(excluded=_AllBut(question.excluded, item_id))
    for name, strategy in arms.items():
        arm = strategy.arm if isinstance(strategy, FittingArm) else strategy
        if isinstance(arm, Arm):
            model = arm.source(learned)
            if model is None:
                continue  # the settings do not ask for it
            context = [one for one in arm.context(question) if one != item_id]
            said = _learned(learned, strategy, allowed, model, context, item_id)
        else:
            said = _told(learned, strategy, allowed, item_id)
        if said[0] is None and strategy is not arm:  # it may be there, but for the others
            every = arm.candidates(learned, allowed._replace(items_max=RANKED_MAX))
            if _place(every, item_id) is not None:
                said = None, None, "unfit", said[-1]
        yield Source(name, name not in idle, chances.get(name), *said)


def _learned(
    learned: Learned,
    strategy: Strategy,
    allowed: CandidateQuery,
    model: object,
    context: Sequence[str],
    item_id: str,
) -> Said:
    """What is said by an arm that ranks what was learned."""
    ranked = strategy.candidates(learned, allowed._replace(items_max=RANKED_MAX))
    counts = _counts(model, context, item_id) if isinstance(model, CoOccurrence) else None
    place = _place(ranked, item_id)
    if place is None:
        return None, None, _missing(model, counts, context, ranked), counts
    return place + 1, ranked[place], None, counts


def _told(learned: Learned, strategy: Strategy, allowed: CandidateQuery, item_id: str) -> Said:
    """What is said by an arm that was made for this decision, of catalogue or curators.

    The top-up is asked for no more items than it may have: of more there are too many ways to reach
    a sum.
    """
    whole = is_whole(strategy)
    most = allowed.items_max if whole else RANKED_MAX
    ranked = strategy.candidates(learned, allowed._replace(items_max=most))
    place = _place(ranked, item_id)
    if place is None:
        if isinstance(strategy, TopUpArm):
            question = allowed._replace(items_max=most)
            return None, None, _not_topped_up(learned, strategy, question, item_id), None
        arm = strategy.arm if isinstance(strategy, FittingArm) else strategy
        unsaid: Missing = "not_ranked" if isinstance(arm, BestWorthArm) else "not_said"
        return None, None, "no_bundle" if whole else unsaid, None
    return place + 1, ranked[place], None, None


def _not_topped_up(
    learned: Learned, arm: TopUpArm, question: CandidateQuery, item_id: str
) -> Missing:
    """Why the top-up does not take an item."""
    if (unfit := arm.unfit(item_id)) is not None:
        return unfit
    if item_id not in arm.chooses_among(learned, question):
        return "no_source"
    return "no_top_up" if arm.candidates(learned, question) else "no_reach"


def _place(ranked: Sequence[Candidate], item_id: str) -> int | None:
    """At which place an item is, from 0 on; None: at none."""
    return next((at for at, one in enumerate(ranked) if one.item == item_id), None)


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
    if isinstance(model, Popularity):
        return "not_ranked" if len(ranked) >= RANKED_MAX else "never_chosen"
    if not context:
        return "no_history"
    return "not_ranked" if len(ranked) >= RANKED_MAX else "unknown"
