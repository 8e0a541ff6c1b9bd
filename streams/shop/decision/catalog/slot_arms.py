"""The arms of a slot where there is a catalogue: those that need it, and what it takes from others.

An upgrade has its slot to itself. Beside a basket that lacks free shipping there is the top-up;
where the catalogue or a curator says what goes with an item there are the arms of
`streams.shop.decision.catalog.told_arms`. Where its relations or categories are to decide, no arm
offers two items that do not fit each other: of an upgrade, which stands instead of its item, people
choose one anyway.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from models import Candidate
from streams.contract.events.slots import Placement
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.told_arms import told_arms
from streams.shop.decision.slots import top_up, upgrades
from streams.shop.decision.slots.anchors import bought_with
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.top_up import TopUpArm
from streams.shop.decision.slots.upgrades import UpgradeArm, told_price
from streams.shop.memory.learned import Learned
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent

SPARE = 4
"""So many times the items of a prompt are ranked where some of them may not fit each other."""


class FittingArm(NamedTuple):
    """An arm of which each item fits all that it offers before it."""

    arm: Strategy
    exclusions: Exclusions

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: its first item has none before it."""
        return self.arm.proposes(learned, question)

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers, best first."""
        more = question._replace(items_max=SPARE * question.items_max)
        return self.exclusions.fitting(self.arm.candidates(learned, more), question.items_max)


def slot_arms(
    arms: Mapping[str, Strategy],
    session: Session,
    event: AskingEvent,
    slot: Placement,
    exclusions: Exclusions | None,
    question: CandidateQuery,
    thresholds: Mapping[str, int],
    off: Collection[str] = (),
) -> Mapping[str, Strategy]:
    """What the policy may draw from in a slot.

    `arms` need no catalogue; of those that do, what is `off` is left out.
    """
    if exclusions is None:  # nobody names an upgrade
        return {} if slot == upgrades.ARM else arms
    if slot == upgrades.ARM:  # a larger one of the same kind may be better
        others = (*session.basket, *bought_with(event))
        exclusions.beside([item for item in others if item != question.anchor])
        return {slot: UpgradeArm(exclusions.upgrades, told_price(event))}
    catalog = exclusions.catalog
    if catalog.relations.completing or catalog.curation:
        told = told_arms(catalog)
        arms = {**arms, **{name: arm for name, arm in told.items() if name not in off}}
    learning = arms
    if catalog.judges_pairs:
        arms = {name: FittingArm(arm, exclusions) for name, arm in arms.items()}
    if slot not in top_up.SLOTS or not thresholds or not arms:
        return arms
    missing = top_up.gap(session.basket, exclusions.prices, thresholds)
    if missing is None:
        return arms
    fits = exclusions.fits if catalog.judges_pairs else None
    return {**arms, top_up.ARM: TopUpArm(missing, exclusions.prices, learning, fits)}
