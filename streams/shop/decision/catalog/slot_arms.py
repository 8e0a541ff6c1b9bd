"""The arms of a slot where there is a catalogue: those that need it, and what it takes from others.

An upgrade has its slot to itself. Beside a basket that lacks free shipping there is the top-up;
where it lacks little of a bundle, what completes that; where a member of the loyalty programme
asks, what brings points; where the catalogue or a curator says what goes with an item there are
the arms of `streams.shop.decision.catalog.told_arms`. Where its relations or categories are to
decide, no arm offers two items that do not fit each other: of an upgrade, which stands instead of
its item, people choose one anyway. What is named in money or points is in the currency that the
event tells, or not said: a catalogue in another one is not what this shopper pays by.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from models import Candidate
from streams.contract.events import OrderPlaced
from streams.contract.events.reference.loyalty import LoyaltyProgram
from streams.contract.events.slots import Placement
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import NO_FLOOR, Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.told_arms import told_arms
from streams.shop.decision.slots import bundles, loyalty, top_up, upgrades
from streams.shop.decision.slots.anchors import bought_with, told_currency
from streams.shop.decision.slots.bundles import BundleArm, SavedBeside, WholeBundles
from streams.shop.decision.slots.loyalty import LoyaltyArm
from streams.shop.decision.slots.standing import standing_of
from streams.shop.decision.slots.strategy import Strategy, offered_by
from streams.shop.decision.slots.top_up import Gap, PriceTag, TopUpArm
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
        most = question.items_max
        found = offered_by(self.arm, learned, question, SPARE * most)
        return self.exclusions.fitting(found, most)


def upgradable(exclusions: Exclusions | None, anchor: str, event: AskingEvent) -> bool:
    """Whether anything is named better than the item that asks, and dearer: as a rule nothing is.

    Of that nobody has to be asked.
    """
    return exclusions is not None and bool(exclusions.upgrades.of(anchor) and told_price(event))


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
    if slot == upgrades.ARM and (exclusions is None or slot in off):
        return {}
    if exclusions is None:
        return arms
    if slot == upgrades.ARM:  # a larger one of the same kind may be better
        anchor, others = question.anchor, (*session.basket, *bought_with(event))
        exclusions.instead_of(anchor, [item for item in others if item != anchor])
        return {slot: UpgradeArm(exclusions.upgrades, told_price(event))}
    catalog = exclusions.catalog
    if catalog.relations.completing or catalog.curation:
        arms = {**arms, **told_arms(catalog)}
    learning = arms
    if catalog.judges_pairs:
        arms = {name: FittingArm(arm, exclusions) for name, arm in arms.items()}
    more = _with_offers(arms, learning, session, event, slot, exclusions, question, thresholds)
    return {name: arm for name, arm in more.items() if name not in off} if off else more


def _with_offers(
    arms: Mapping[str, Strategy],
    learning: Mapping[str, Strategy],
    session: Session,
    event: AskingEvent,
    slot: Placement,
    exclusions: Exclusions,
    question: CandidateQuery,
    thresholds: Mapping[str, int],
) -> Mapping[str, Strategy]:
    """These arms, and those that name what their items bring besides, where there are any."""
    catalog = exclusions.catalog
    fits = exclusions.fits if catalog.judges_pairs else None
    whole = bundles.whole(catalog.bundles, session.basket) if catalog.bundles else WholeBundles()
    if catalog.bundles and slot in bundles.SLOTS:
        held = _held(whole, session, event, exclusions, question.anchor)
        arms = _with_bundle(arms, exclusions, event, held, fits)
    if catalog.loyalty is not None and slot in loyalty.SLOTS:
        by = catalog.loyalty, exclusions.prices, learning, fits
        arms = _with_points(arms, session, event, *by)
    if slot in top_up.SLOTS and thresholds:
        missing = _missing(whole, catalog, session, event, thresholds)
        if missing is not None:
            top = TopUpArm(missing, exclusions.prices, learning, fits)
            if catalog.bundles:
                top = _after_bundles(top, whole, session, exclusions)
            return {**arms, top_up.ARM: top}
    return arms


def _after_bundles(
    top: TopUpArm, whole: WholeBundles, session: Session, exclusions: Exclusions
) -> TopUpArm:
    """The same, which minds what bundles save: of the basket, and of it with what is taken."""
    defined, prices = exclusions.catalog.bundles, exclusions.prices
    nearly = bundles.completions(defined, [*whole.spare], prices)
    saving = frozenset(item for one in nearly for item in one.missing)
    now_minor = whole.saved_minor(defined, prices)
    beside = SavedBeside(defined, prices, session.basket, now_minor)
    return top._replace(saving=saving, beside=beside)


def _held(
    whole: WholeBundles,
    session: Session,
    event: AskingEvent,
    exclusions: Exclusions,
    anchor: str,
) -> list[str]:
    """Of what a bundle may be completed, the latest last: what is in the basket, and what asks.

    What has been paid for is in no further bundle, and what is merely looked at has to be for sale
    to whoever looks: nobody could keep the promise.
    """
    held = [*whole.spare]
    if anchor in session.basket:
        return [*filter(anchor.__ne__, held), *filter(anchor.__eq__, held)]
    asks = not isinstance(event, OrderPlaced) and exclusions.withheld(anchor) in (None, "margin")
    return [*held, anchor] if asks else held


def _with_bundle(
    arms: Mapping[str, Strategy],
    exclusions: Exclusions,
    event: AskingEvent,
    held: Sequence[str],
    fits: Callable[[str, str], bool] | None,
) -> Mapping[str, Strategy]:
    """These arms, and the one that completes a bundle where the basket is nearly one."""
    catalog, prices = exclusions.catalog, exclusions.prices
    floor = catalog.margin_ratio_min
    terms, told = None if floor <= NO_FLOOR else floor, told_currency(event)
    nearly = bundles.completions(catalog.bundles, held, prices, terms)
    found = tuple(one for one in nearly if told in (None, one.currency))
    if not found:
        return arms
    return {**arms, bundles.ARM: BundleArm(found, prices, fits, exclusions.completed_by)}


def _missing(
    whole: WholeBundles,
    catalog: Catalog,
    session: Session,
    event: AskingEvent,
    thresholds: Mapping[str, int],
) -> Gap | None:
    """What the basket lacks of free shipping, after the discounts of its bundles."""
    told, prices = told_currency(event), catalog.prices.of
    if told is not None:
        thresholds = {told: thresholds[told]} if told in thresholds else {}
    saved = partial(whole.saved_minor, catalog.bundles, prices)
    return top_up.gap(session.basket, prices, thresholds, saved)


def _with_points(
    arms: Mapping[str, Strategy],
    session: Session,
    event: AskingEvent,
    program: LoyaltyProgram,
    prices: Mapping[str, PriceTag],
    learning: Mapping[str, Strategy],
    fits: Callable[[str, str], bool] | None,
) -> Mapping[str, Strategy]:
    """These arms, and the one that names points where a member asks."""
    if (tier := program.tier_of(event.segment)) is None:
        return arms
    who = told_currency(event), standing_of(session, event)
    return {**arms, loyalty.ARM: LoyaltyArm(program, tier, prices, learning, fits, *who)}
