"""The arm of what is worth most at its borders: without a catalogue, by a cent, by no pair."""

from collections.abc import Collection, Iterator

import numpy as np
import pytest

from models import Candidate
from models.bandit.propensity import ShareLimits
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import ARMS, BEST_WORTH, CandidateQuery
from streams.shop.decision.policy.best_worth import POPULAR_MAX, BestWorthArm, led, pair_of
from streams.shop.decision.policy.item_numbers import ItemNumbers
from streams.shop.decision.policy.offer_fits import SHARES, SOURCES, companion_fits, fit_of
from streams.shop.decision.policy.unit_values import UnitValues
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.memory.orders.reward.offer_rates import OfferRates
from streams.shop.memory.orders.reward.pair_offers import attention
from streams.shop.shop import Shop
from tests.properties.every_arm import SHOPS
from tests.shop.decision.test_item_numbers import DECIDED
from tests.stories import NOON_MS, OPEN, Story, Till

CENT = ItemWorth(1, 300, "EUR")
CONTEXT = "basket/new"
PAIR = 7_892_115_163_978_909


class Priced(Collection[str]):
    """Excludes these, and knows what some items earn."""

    def __init__(self, worths: dict[str, ItemWorth], out: tuple[str, ...] = ()) -> None:
        self.worths, self.out = worths, out

    def worth(self, item_id: str) -> ItemWorth:
        """As the catalogue says it."""
        return self.worths.get(item_id, ItemWorth())

    def __contains__(self, item: object) -> bool:
        return item in self.out

    def __iter__(self) -> Iterator[str]:
        return iter(self.out)

    def __len__(self) -> int:
        return len(self.out)


@pytest.fixture(scope="module")
def till() -> Till:
    """A case is bought with a camera; very many other things are popular."""
    found = Till(**SHOPS["best worth"])
    found.teach("camera", "case", times=3)
    for number in range(5 * (POPULAR_MAX + 8)):
        name = f"other-{number}"
        found.serve(Story(name).add(f"tea-{number % (POPULAR_MAX + 8):02}"))
    return found


def arm_of(till: Till) -> BestWorthArm:
    """The arm."""
    arm = till.shop.decision.best_worth
    assert arm is not None
    return arm


def asked(till: Till, excluded: Collection[str]) -> CandidateQuery:
    """Somebody looks at the camera."""
    session = till.shop.sessions[0].find("other-0")
    assert session is not None
    return CandidateQuery(session, "camera", NOON_MS / 1000, excluded, 3)


def offered(till: Till, excluded: Collection[str]) -> list[str]:
    """What is offered; whether anything is, is known beforehand."""
    question, arm, learned = asked(till, excluded), arm_of(till), till.shop.learned
    items = [one.item for one in arm.candidates(learned, question)]
    assert arm.proposes(learned, question) == bool(items)
    return items


def test_without_a_catalogue_nothing_is_proposed(till: Till) -> None:
    """Nobody knows what anything earns."""
    assert [] == offered(till, ())
    assert [] == offered(till, frozenset({"tea-00"}))


def test_what_earns_a_cent_is_proposed_for_either_reason_and_what_earns_none_for_no_one(
    till: Till,
) -> None:
    """A companion that is not popular, what is popular and no companion, and neither."""
    popular = [one.item for one in till.shop.learned.popularity.recommend((), POPULAR_MAX)]
    assert "case" not in popular

    assert ["case"] == offered(till, Priced({"case": CENT}))
    assert [popular[0]] == offered(till, Priced({popular[0]: CENT}))
    assert [] == offered(till, Priced({"case": CENT}, out=("case",)))
    assert [] == offered(till, Priced({"case": CENT._replace(margin_minor=0)}))
    assert [] == offered(till, Priced({popular[0]: CENT._replace(margin_minor=-1)}))


def test_others_are_led_only_where_the_arm_is_on_offer_and_knows_what_items_earn(
    till: Till,
) -> None:
    """What is free is as it was."""
    arms: dict[str, Strategy] = {**ARMS, BEST_WORTH: arm_of(till)}
    limits = ShareLimits(floor=0.01)
    popular = till.shop.learned.popularity.recommend((), POPULAR_MAX)
    known = asked(till, Priced({one.item: CENT for one in popular}))
    both = ["popular", BEST_WORTH]

    assert limits._replace(leader=BEST_WORTH, led=("popular",)) == led(limits, arms, both, known)
    assert limits == led(limits, arms, ["popular"], known)
    assert limits == led(limits, ARMS, both, known)
    assert limits == led(limits, arms, both, asked(till, ()))


def test_a_pair_is_known_by_the_same_number_in_all_versions() -> None:
    """Receipts and checkpoints carry it: with another one, what was learned of pairs is lost."""
    assert 0 < pair_of("bread", "butter") < 2**53
    assert PAIR == pair_of("bread", "butter")


# How much speaks for an offer


@pytest.mark.parametrize("short", [0.25, 0.5, 0.75, 3.0])
def test_who_met_less_often_than_by_chance_is_as_if_by_chance(short: float) -> None:
    """Nothing is divided by nothing, and no lack counts as a meeting."""
    for source in (SOURCES[0], SOURCES[2]):
        one = Candidate("butter", 0.0, 8, 57, "bread", source)
        assert fit_of(one, 8.0) == fit_of(one, 8.0 + short)
    whole = np.array([8]), np.array([57]), np.array([8.0 + short])
    assert [fit_of(Candidate("", 0.0, 8, 57, "", SOURCES[0]), 8.0)] == companion_fits(
        *whole
    ).tolist()


def test_who_met_more_often_than_the_other_was_counted_is_in_the_first_class_of_shares() -> None:
    """Of what fades at different times a part may be more than the whole."""
    one = Candidate("butter", 0.0, 12, 3, "bread", SOURCES[0])
    found = companion_fits(np.array([12]), np.array([3]), np.array([0.5])).tolist()

    assert [fit_of(one, 0.5)] == found
    assert (0, 0) == (found[0] % SHARES, fit_of(one._replace(source=SOURCES[2])) % SHARES)


def test_so_many_values_are_kept_before_all_are_worked_out_anew() -> None:
    """Not sooner."""
    values = UnitValues(NetReward.of(Settings(**OPEN, reward="net")), kept_max=3)
    kept = []
    for number in range(7):
        assert 1 == values.of(f"item-{number}", CENT)
        kept.append(len(values))

    assert [1, 2, 3, 1, 2, 3, 1] == kept


# What is expected of an offer


def expected(offered: list[ItemWorth], **settings: object) -> tuple[list[float], OfferRates]:
    """Of a shop after some trials of the class of both kinds of items."""
    shop = Shop(Settings(**{**OPEN, **DECIDED, **settings}))
    rates = shop.attribution.rewards.offers
    assert rates is not None
    numbers = ItemNumbers(shop.settings, shop.learned, rates)
    if rates.pairs is not None:
        for pair in (7, 8):
            rates.pairs.expose(pair, 3, 0, time_s=NOON_MS // 1000)
    return numbers.expected("popular", CONTEXT, offered), rates


def test_who_is_judged_by_its_pair_is_expected_to_sell_by_that_and_by_its_place() -> None:
    """Others, and all where no pairs are kept, by arm and class."""
    by_pair = ItemWorth(100, 400, "EUR", 3, pair=7)
    plain = by_pair._replace(pair=0)
    found, rates = expected([by_pair, by_pair, plain], best_worth=True)
    assert rates.pairs is not None
    mean = rates.pairs.estimate(7, 3).mean

    assert [100 * mean, 100 * mean * attention(1)] == pytest.approx(found[:2])
    assert 100 * rates.sale("popular", CONTEXT, 3, 2).mean == pytest.approx(found[2])
    assert found[1] != pytest.approx(100 * mean)
    without, rates = expected([by_pair], best_worth=False)
    assert [100 * rates.sale("popular", CONTEXT, 3, 0).mean] == pytest.approx(without)
