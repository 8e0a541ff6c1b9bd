"""What is learned of each pair by what was offered: held against a plain twin, in any order."""

import json
from math import log2
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models import SnapshotError
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.offer_rates import OfferRates, annoying
from streams.shop.memory.orders.reward.pair_offers import (
    AGAIN_STRENGTH,
    CLASS_STRENGTH,
    COMPANIONS,
    LONE,
    LONE_STRENGTH,
    PAIR_STRENGTH,
    SALE_MEAN,
    Acceptance,
    PairOffers,
)
from streams.shop.memory.orders.reward.reached import Reached
from tests.shop.decision.test_item_numbers import DECIDED
from tests.stories import NOON_MS, OPEN

NOON_S = NOON_MS // 1000
WEEK_S = 7 * 86_400


class Offer(NamedTuple):
    """An item that was shown, and how much of it was sold and kept."""

    pair: int
    fit: int
    rank: int
    age_s: int
    share: float


OFFERS = some.lists(
    some.builds(
        Offer,
        some.integers(1, 3),
        some.sampled_from([0, 45, 50]),
        some.integers(0, 2),
        some.integers(0, 30 * 86_400),
        some.sampled_from([0.0, 0.5, 1.0]),
    ),
    max_size=30,
)


def learned(offers: list[Offer], pairs_max: int = 100) -> PairOffers:
    """What these teach, in this order."""
    model = PairOffers(WEEK_S, pairs_max)
    for pair, fit, rank, age_s, share in offers:
        model.expose(pair, fit, rank, time_s=NOON_S - age_s)
        if share:
            model.reward(pair, fit, share, time_s=NOON_S - age_s)
    return model


def plain(offers: list[Offer], pair: int, fit: int) -> float:
    """The same estimate by plain sums of what each offer weighs by now."""
    latest = min((one.age_s for one in offers), default=0)

    def shrunk(of: list[Offer], to: float, strength: float) -> tuple[float, float]:
        faded: list[float] = [0.5 ** ((one.age_s - latest) / WEEK_S) for one in of]
        trials = sum(w / log2(one.rank + 2) for w, one in zip(faded, of, strict=True))
        sold = sum(w * one.share for w, one in zip(faded, of, strict=True))
        return (min(sold, trials) + strength * to) / (trials + strength), trials + strength

    of_fit = [one for one in offers if one.fit == fit]
    of_class, known = shrunk(of_fit, SALE_MEAN, CLASS_STRENGTH)
    strength = PAIR_STRENGTH if fit < COMPANIONS else LONE_STRENGTH
    if COMPANIONS <= fit < LONE:
        strength = min(AGAIN_STRENGTH, known)
    return shrunk([one for one in offers if one.pair == pair], of_class, strength)[0]


@given(OFFERS, some.integers(1, 4), some.sampled_from([0, 1, 45, 46, 50, 51]))
def test_a_pair_is_estimated_as_by_plain_sums(offers: list[Offer], pair: int, fit: int) -> None:
    """Of the pair shrunk to its class, and of the class shrunk to all."""
    assert plain(offers, pair, fit) == pytest.approx(
        learned(offers).estimate(pair, fit).mean, rel=1e-4
    )


@given(OFFERS, some.randoms(use_true_random=False))
def test_any_order_of_offers_gives_the_same_state(offers: list[Offer], random: object) -> None:
    """Bit by bit; and what is taken back leaves no trace."""
    shuffled = [*offers]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    model, other = learned(offers), learned(shuffled)
    for pair, fit, _, age_s, share in offers:
        for model_share in (-share, share):
            other.reward(pair, fit, model_share, time_s=NOON_S - age_s)

    assert json.dumps(model.state(), sort_keys=True) == json.dumps(other.state(), sort_keys=True)


@given(OFFERS)
def test_a_state_is_taken_over_as_it_was(offers: list[Offer]) -> None:
    """Through JSON."""
    model = learned(offers)
    again = PairOffers(WEEK_S, 100)
    again.restore(json.loads(json.dumps(model.state())))

    assert model.state() == again.state()
    assert model.estimate(1, 0) == again.estimate(1, 0)


def test_what_is_no_state_is_refused_and_leaves_it_as_it_was() -> None:
    """Each part is needed, and of its kind."""
    model = learned([Offer(1, 0, 0, 0, 1.0)])
    before = model.state()
    for broken in (
        {"pairs": {"x": ["1", "1"]}},
        {"pairs": {"1": ["-1", "0"]}},
        {"classes": None},
        {"full": 1},
        {"latest_s": -1},
        {"exposures_all": -1},
    ):
        with pytest.raises(SnapshotError):
            model.restore({**before, **broken})
        assert before == model.state()


def test_where_there_are_too_many_pairs_those_with_the_fewest_trials_leave() -> None:
    """What they taught of their class stays, and the digest leaves pairs out from then on."""
    model = learned(
        [Offer(1, 0, 0, 0, 0.0)] * 3 + [Offer(n, 0, 0, 0, 1.0) for n in range(2, 34)], 32
    )

    assert len(model) <= 32
    assert {"pairs": len(model)} == model.left_out()
    assert model.exact_state()["pairs"] is None
    assert model.exact_state()["classes"] == model.state()["classes"]
    assert model.estimate(1, 0).strength > PAIR_STRENGTH + 2
    left, gone = len(model), next(n for n in range(2, 34) if str(n) not in model.state()["pairs"])
    model.reward(gone, 0, -1.0, time_s=NOON_S)
    assert left == len(model)
    again = PairOffers(WEEK_S, 16)
    again.restore(model.state())
    assert len(again) <= 16


def test_room_for_no_pair_is_refused() -> None:
    """And no setting asks for it in silence."""
    with pytest.raises(ValueError, match="pairs_max"):
        PairOffers(pairs_max=0)


def test_a_lower_place_is_a_smaller_trial_and_a_smaller_chance() -> None:
    """By the discount of discounted cumulative gain."""
    first, third = learned([Offer(1, 0, 0, 0, 0.0)]), learned([Offer(1, 0, 2, 0, 0.0)])

    assert PAIR_STRENGTH + 1.0 == pytest.approx(first.estimate(1, 0).strength)
    assert PAIR_STRENGTH + 0.5 == pytest.approx(third.estimate(1, 0).strength)
    assert Acceptance(0.1, 9.0) == Acceptance(0.2, 9.0).at(2)


def test_hope_is_less_the_more_is_known() -> None:
    """And never more than certainty."""
    assert 0.5 == Acceptance(0.5, 0.0).hopeful(0.0)
    assert 0.1 < Acceptance(0.1, 99.0).hopeful(1.0) < Acceptance(0.1, 9.0).hopeful(1.0) < 0.2
    assert 0.13 == pytest.approx(Acceptance(0.1, 99.0).hopeful(1.0))
    assert 1.0 == Acceptance(0.9, 0.0).hopeful(9.0)


@given(
    some.lists(some.tuples(some.integers(1, 6), some.sampled_from([0, 9, 40, 63])), max_size=12),
    some.floats(0.0, 3.0),
)
def test_what_may_be_hoped_of_many_is_what_may_be_hoped_of_each(
    asked: list[tuple[int, int]], deviations: float
) -> None:
    """Of pairs that were tried and of others, however often a class is among them."""
    model = learned([Offer(n, 9 * (n % 2), n % 3, 0, 0.3) for n in (1, 1, 2, 3, 3, 3)])
    each = [model.estimate(*one).hopeful(deviations) for one in asked]

    assert each == model.hopes(asked, deviations)


# What a prompt teaches


def rates(**more: object) -> OfferRates:
    """Those of a shop that judges pairs."""
    return OfferRates(Settings(**{**OPEN, **DECIDED, "best_worth": True, **more}))


def shown(*chances_micro: int, at_ms: int = NOON_MS) -> Impression:
    """A prompt of items of pairs 1, 2, ..."""
    worths = tuple(ItemWorth(100, 400, "EUR", 20, 0, n, c) for n, c in enumerate(chances_micro, 1))
    items = tuple(f"item-{n}" for n, _ in enumerate(worths))
    receipt = Receipt("p1", "s1", "best_worth", "basket/new", 0.5, 0.1, items, at_ms)
    return Impression(receipt._replace(worths=worths), [Reached("shown", "seen", at_ms)])


def test_an_item_that_was_judged_by_its_pair_is_a_trial_of_that_alone() -> None:
    """And what was sold and kept of it is a sale of it; taken back, it is none."""
    known, prompt = rates(), shown(100_000, 50_000)
    assert known.pairs is not None
    before = known.version
    known.begin(prompt)
    tried = known.pairs.state()
    known.change(prompt, (0.0, 0.0, 0.0), (0.0, 0.5, 0.0))

    assert rates().sales.state() == known.sales.state()
    assert before < known.version
    twin = PairOffers(known.pairs.half_life_s)
    for rank, pair in enumerate((1, 2)):
        twin.expose(pair, 20, rank, time_s=NOON_S)
    assert twin.state() == tried
    twin.reward(2, 20, 0.5, time_s=NOON_S)
    assert twin.state() == known.pairs.state()
    version = known.version
    known.change(prompt, (0.0, 0.5, 0.0), (0.0, 0.0, 0.0))
    assert tried == known.pairs.state()
    assert version < known.version


STEPS = some.integers(1, 12).flatmap(
    lambda pieces: some.lists(some.integers(0, pieces).map(lambda kept: kept / pieces))
)
"""What is kept of so many pieces, step by step: sold, sent back, sold again."""


@given(STEPS, some.integers(0, 400))
def test_whichever_steps_lead_there_the_same_is_known(shares: list[float], age_days: int) -> None:
    """What is told last counts, and nothing remains of the rest."""
    by_steps, at_once = rates(), rates()
    prompt = shown(100_000, at_ms=NOON_MS - age_days * 86_400_000)
    for known in (by_steps, at_once):
        known.begin(prompt)
    kept = 0.0
    for share in shares:
        by_steps.change(prompt, (kept, 0.0), (share, 0.0))
        kept = share
    at_once.change(prompt, (0.0, 0.0), (kept, 0.0))
    assert by_steps.pairs is not None
    assert at_once.pairs is not None

    assert at_once.pairs.state() == by_steps.pairs.state()


def test_who_was_promised_little_sends_away_apart_from_who_was_promised_much() -> None:
    """By the octave of the best chance."""
    known = rates()
    for _ in range(100):
        little, much = shown(10_000, 2_000), shown(2_000, 400_000)
        known.begin(little)
        known.begin(much)
        known.change(little, (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    of_little, of_much = (
        known.dismissal(f"best_worth/{annoying(chances)}", "basket/new", 2).mean
        for chances in ((0.01, 0.002), (0.002, 0.4))
    )

    assert of_much < of_little / 3


def test_where_pairs_are_not_judged_nothing_of_them_is_kept() -> None:
    """A receipt of a time when they were teaches nothing of them, and fails nothing."""
    known, prompt = rates(best_worth=False), shown(100_000)
    known.begin(prompt)
    known.change(prompt, (0.0, 0.0), (1.0, 0.0))

    assert {"offer_sales", "offer_dismissals"} == known.parts().keys()
    assert rates(best_worth=False).sales.state() == known.sales.state()
