"""What is learned of each offer by its rank, and of each number of items: trials and rewards."""

from collections.abc import Callable
from typing import Any

import pytest
from scipy.stats import beta

from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.policy.item_numbers import ItemNumbers
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.offer_rates import (
    DISMISSAL_MEAN,
    NEIGHBOURS_STRENGTH,
    OfferRate,
    OfferRates,
)
from streams.shop.memory.orders.reward.pair_offers import SALE_MEAN
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.shop import Shop
from tests.shop.decision.test_item_numbers import DECIDED
from tests.stories import NOON_MS, OPEN

ITEMS = ("butter", "jam")
WORTHS = (ItemWorth(150, 400, "EUR", 2), ItemWorth(90, 300, "EUR", 5))
ABOUT = "popular", "basket/new"


def settings() -> Settings:
    """Of a shop that decides how many items a prompt has."""
    return Settings(**{**OPEN, **DECIDED})


def shown(worths: tuple[ItemWorth, ...] = WORTHS) -> Impression:
    """A prompt of butter and jam that somebody has seen."""
    receipt = Receipt("p1", "s1", *ABOUT, 0.5, 0.1, ITEMS, NOON_MS)._replace(worths=worths)
    return Impression(receipt, [Reached("shown", "seen", NOON_MS)])


def test_a_prompt_is_one_trial_of_each_of_its_ranks_and_of_their_number() -> None:
    """Each where it belongs: by arm and fit at its rank, and by arm and number."""
    rates = OfferRates(settings())
    rates.begin(shown())

    assert [1.0, 1.0] == [rates.sale(*ABOUT, fit, rank).trials for rank, fit in enumerate((2, 5))]
    assert [0.0, 1.0, 0.0] == [rates.dismissal(*ABOUT, items).trials for items in (1, 2, 3)]
    assert 0.0 == rates.dismissal(ABOUT[0], f"{ABOUT[1]}/1", 2).trials


def test_a_prompt_whose_worths_nobody_sealed_is_no_trial() -> None:
    """Numbers of items were not decided when it was made."""
    rates, before = OfferRates(settings()), OfferRates(settings())
    rates.begin(shown(()))

    assert () == rates.earned(shown(()))
    rates.change(shown(()), (), ())
    for name, part in before.parts().items():
        assert part.state() == rates.parts()[name].state()


def test_what_a_prompt_earned_is_told_to_each_rank_and_taken_back_from_it() -> None:
    """Kept shares of butter and jam, and whether it was sent away."""
    rates = OfferRates(settings())
    rates.begin(shown())
    fresh = [rates.sale(*ABOUT, 2, 0), rates.sale(*ABOUT, 5, 1), rates.dismissal(*ABOUT, 2)]
    rates.change(shown(), (0.0, 0.0, 0.0), (0.0, 0.5, 1.0))
    butter, jam, away = (
        *(rates.sale(*ABOUT, 2, 0), rates.sale(*ABOUT, 5, 1)),
        rates.dismissal(*ABOUT, 2),
    )

    assert jam.mean > butter.mean
    assert away.mean > fresh[2].mean
    rates.change(shown(), (0.0, 0.5, 1.0), (0.0, 1.0, 0.0))
    assert fresh[2] == rates.dismissal(*ABOUT, 2)
    rates.change(shown(), (0.0, 1.0, 0.0), (0.0, 1.0, 1.0))
    assert away == rates.dismissal(*ABOUT, 2)
    rates.change(shown(), (0.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert fresh == [rates.sale(*ABOUT, 2, 0), rates.sale(*ABOUT, 5, 1), rates.dismissal(*ABOUT, 2)]


def test_whatever_is_learned_is_what_the_next_decision_reckons_with() -> None:
    """A rate is read once, until something is learned: of a trial, a sale or a dismissal."""
    known = settings()
    rates, learned = OfferRates(known), Shop(known).learned
    numbers, seen = ItemNumbers(known, learned, rates), set[tuple[Any, ...]]()
    nothing, sold, away = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 0.0, 1.0)
    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: rates.begin(shown()),
        lambda: rates.change(shown(), nothing, sold),
        lambda: rates.change(shown(), sold, away),
        lambda: rates.change(shown(), away, away),
    ]
    for step in steps:
        step()
        rate = rates.sale(*ABOUT, 2, 0)
        told = (rate, rates.dismissal(*ABOUT, 2))
        assert [150 * rate.mean] == numbers.expected(*ABOUT, WORTHS[:1])
        assert told == (numbers._sale(*ABOUT, WORTHS[0], 0), numbers._dismissal(*ABOUT, 2))
        seen.add(told)
    assert len(steps) - 1 == len(seen)


def test_before_anything_is_known_an_offer_is_hoped_to_sell() -> None:
    """And seldom to be sent away."""
    rates = OfferRates(settings())

    assert (SALE_MEAN, 0.0) == pytest.approx(rates.sale(*ABOUT, 2, 0))
    assert (DISMISSAL_MEAN, 0.0) == pytest.approx(rates.dismissal(*ABOUT, 2))


def test_hope_is_so_many_standard_deviations_of_what_is_known() -> None:
    """Those of a beta distribution of as many trials, and as its neighbours count for."""
    for mean, trials in ((0.1, 0.0), (0.5, 9.0)):
        known = NEIGHBOURS_STRENGTH + trials
        deviation = beta(mean * known, (1 - mean) * known).std()
        assert mean + 2 * deviation == pytest.approx(OfferRate(mean, trials).hopeful(2.0))
    assert 1.0 == OfferRate(0.9, 0.0).hopeful(100.0)
