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
from types import MappingProxyType
from typing import NamedTuple

from models import Candidate
from streams.contract.events import OrderPlaced
from streams.contract.events.reference.loyalty import LoyaltyProgram
from streams.contract.events.slots import Placement
from streams.shop.decision.arms import ARMS, CandidateQuery
from streams.shop.decision.catalog.catalog import NO_FLOOR, Catalog
from streams.shop.decision.catalog.exclusions import Arms, Exclusions, PairRules
from streams.shop.decision.catalog.told_arms import TOLD_ARMS, told_arms
from streams.shop.decision.slots import bundles, loyalty, top_up, upgrades
from streams.shop.decision.slots.anchors import bought_with, told_currency
from streams.shop.decision.slots.bundles import BundleArm, SavedBeside, WholeBundles
from streams.shop.decision.slots.loyalty import LoyaltyArm, SavedWithEither
from streams.shop.decision.slots.standing import standing_of
from streams.shop.decision.slots.strategy import Strategy, offered_by, on_offer
from streams.shop.decision.slots.top_up import Gap, Saving, TopUpArm
from streams.shop.decision.slots.upgrades import UpgradeArm, told_price
from streams.shop.memory.learned import Learned
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent

WITNESSED = frozenset({*ARMS, *TOLD_ARMS})
"""Arms that propose as soon as one item may be offered, and look no further."""
UNASKED = ""
"""No item: it is not known what an arm proposes."""
NONE: Mapping[str, Strategy] = MappingProxyType({})
SPARE = 4
"""So many times the items of a prompt are ranked where some of them may not fit each other."""


class FittingArm(NamedTuple):
    """An arm of which each item fits all that it offers before it."""

    arm: Strategy
    pairs: PairRules

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: its first item has none before it."""
        return self.arm.proposes(learned, question)

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers, best first."""
        most = question.items_max
        found = offered_by(self.arm, learned, question, SPARE * most)
        return self.pairs.fitting(found, most)


def proposing(
    arms: Mapping[str, Strategy],
    learned: Learned,
    question: CandidateQuery,
    exclusions: Exclusions | None,
) -> list[str]:
    """Those of these arms that have something to offer.

    Between two slots of an event nothing is learned, and what was offered is out of the question
    besides: who proposed an item in one still does in the next, if that item may be offered there;
    who proposed nothing still does not.
    """
    if exclusions is None:
        return on_offer(arms, learned, question)
    proposed, found = exclusions.proposed, list[str]()
    for name, arm in arms.items():
        item = proposed.get(name, UNASKED)
        if item is not None and (
            (item != UNASKED and item not in exclusions)
            or _proposes(name, arm, learned, question, exclusions)
        ):
            found.append(name)
    return found


def _proposes(
    name: str, arm: Strategy, learned: Learned, question: CandidateQuery, exclusions: Exclusions
) -> bool:
    """Whether an arm has something to offer; it is kept for the next slot, where that can be.

    Who came upon something withheld is asked again: so silences say that it was.
    """
    if name not in WITNESSED:
        return arm.proposes(learned, question)
    met, exclusions.met, exclusions.admitted = exclusions.met, False, None
    proposes = arm.proposes(learned, question)
    if proposes:
        exclusions.proposed[name] = exclusions.admitted or UNASKED
    elif not exclusions.met:
        exclusions.proposed[name] = None
    exclusions.met |= met
    return proposes


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
    sources: Mapping[str, Strategy] = NONE,
) -> Mapping[str, Strategy]:
    """What the policy may draw from in a slot.

    `arms` need no catalogue; of those that do, what is `off` is left out. Those that choose among
    what others propose ask further `sources`, too, which are not drawn.
    """
    if slot == upgrades.ARM and (exclusions is None or slot in off):
        return {}
    if exclusions is None:
        return arms
    if slot == upgrades.ARM:  # a larger one of the same kind may be better
        anchor, others = question.anchor, (*session.basket, *bought_with(event))
        exclusions.instead_of(anchor, [item for item in others if item != anchor])
        return {slot: UpgradeArm(exclusions.upgrades, told_price(event))}
    if exclusions.arms is None or exclusions.arms[0] is not arms:
        exclusions.arms = _in_all_slots(arms, exclusions)
    _, learning, fitting = exclusions.arms
    learning = {**learning, **sources} if sources else learning
    more = _with_offers(fitting, learning, session, event, slot, exclusions, question, thresholds)
    return {name: arm for name, arm in more.items() if name not in off} if off else more


def _in_all_slots(arms: Arms, exclusions: Exclusions) -> tuple[Arms, Arms, Arms]:
    """These arms, with those that the catalogue adds, and with all of them held to fit."""
    catalog, learning = exclusions.catalog, arms
    if catalog.relations.completing or catalog.curation:
        learning = {**arms, **told_arms(catalog)}
    if not catalog.judges_pairs:
        return arms, learning, learning
    fitting = {name: FittingArm(arm, exclusions.pairs) for name, arm in learning.items()}
    return arms, learning, fitting


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
    fits = exclusions.pairs.fits if catalog.judges_pairs else None
    whole = bundles.whole(catalog.bundles, session.basket) if catalog.bundles else WholeBundles()
    if catalog.bundles and slot in bundles.SLOTS:
        held = _held(whole, session, event, exclusions, question.anchor)
        arms = _with_bundle(arms, exclusions, event, held, fits)
    if catalog.loyalty is not None and slot in loyalty.SLOTS:
        by = catalog.loyalty, learning, fits, question.anchor
        arms = _with_points(arms, session, event, exclusions, *by)
    if slot in top_up.SLOTS and thresholds:
        missing = _missing(whole, catalog, session, event, thresholds)
        if missing is not None:
            beside = _saved_beside(session.basket, exclusions) if catalog.bundles else None
            of = exclusions.prices, learning, fits, beside, exclusions.proposed
            return {**arms, top_up.ARM: TopUpArm(missing, *of)}
    return arms


def _saved_beside(basket: Mapping[str, int], exclusions: Exclusions) -> SavedBeside:
    """What bundles take off what is put into a basket."""
    return SavedBeside(exclusions.catalog.bundles, exclusions.prices, basket)


def _saved_at_most(
    session: Session, event: AskingEvent, exclusions: Exclusions, anchor: str
) -> Saving | None:
    """What bundles take off what is put into the basket, whether or not what asks is, too."""
    if not exclusions.catalog.bundles:
        return None
    beside = _saved_beside(session.basket, exclusions)
    if anchor in session.basket or not _asks(event, exclusions, anchor):
        return beside
    return SavedWithEither(beside, _saved_beside({**session.basket, anchor: 1}, exclusions))


def _asks(event: AskingEvent, exclusions: Exclusions, anchor: str) -> bool:
    """Whether what is looked at may be bought, too, and is not just ordered."""
    return not isinstance(event, OrderPlaced) and exclusions.withheld(anchor) in (None, "margin")


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
    return [*held, anchor] if _asks(event, exclusions, anchor) else held


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
    exclusions: Exclusions,
    program: LoyaltyProgram,
    learning: Mapping[str, Strategy],
    fits: Callable[[str, str], bool] | None,
    anchor: str,
) -> Mapping[str, Strategy]:
    """These arms, and the one that names points where a member asks."""
    if (tier := program.tier_of(event.segment)) is None:
        return arms
    who = told_currency(event), standing_of(session, event)
    by = program, tier, exclusions.prices, learning, fits, *who
    beside = _saved_at_most(session, event, exclusions, anchor)
    return {**arms, loyalty.ARM: LoyaltyArm(*by, beside)}
