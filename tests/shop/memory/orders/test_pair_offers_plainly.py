"""What is learned of pairs beside a list of all that was told, summed again whenever it is read."""

import json
from random import Random
from typing import NamedTuple

import pytest

from models.decay.forward import ForwardDecay
from models.decay.tally import written
from streams.shop.memory.orders.reward.pair_offers import (
    CLASS_STRENGTH,
    PAIR_STRENGTH,
    SALE_MEAN,
    PairOffers,
    attention,
)
from tests.stories import NOON_MS

NOON_S = NOON_MS // 1000
WEEK_S = 7 * 86_400
DECAY = ForwardDecay(WEEK_S)
PAIRS_MAX = 32
LEFT = PAIRS_MAX - PAIRS_MAX // 16 + 1
"""So many are left when a sixteenth has to go for the one that is too many."""


class Told(NamedTuple):
    """A trial, or what was sold of one, by its weight."""

    pair: int
    fit: int
    trial: int
    sold: int


class Plainly:
    """The same by lists."""

    def __init__(self) -> None:
        self.all: list[Told] = []
        self.remembered: list[Told] = []
        self.latest_s = self.shown = 0
        self.full = False

    def expose(self, pair: int, fit: int, rank: int, time_s: int) -> None:
        """An item was shown; then those that were tried least leave, of equal ones by id."""
        told = Told(pair, fit, DECAY.weight(time_s, attention(rank)), 0)
        self.all.append(told)
        self.remembered.append(told)
        self.latest_s, self.shown = max(self.latest_s, time_s), self.shown + 1
        sums = self.pairs()
        if len(sums) > PAIRS_MAX:
            self.full = True
            ids = sorted(sums, key=str, reverse=True)
            leave = sorted(ids, key=sums.__getitem__)[: len(sums) - LEFT]
            self.remembered = [one for one in self.remembered if one.pair not in leave]

    def reward(self, pair: int, fit: int, share: float, time_s: int) -> None:
        """So much was sold: of a pair that nobody may have forgotten, or that is remembered."""
        told = Told(pair, fit, 0, DECAY.weight(time_s, share))
        self.all.append(told)
        if not self.full or pair in self.pairs():
            self.remembered.append(told)

    def pairs(self) -> dict[int, tuple[int, int]]:
        """Trials and sales of each that is remembered."""
        return {
            pair: summed([one for one in self.remembered if one.pair == pair])
            for pair in {one.pair for one in self.remembered}
        }

    def classes(self) -> dict[int, tuple[int, int]]:
        """The same of each class, of all that was ever told."""
        return {
            fit: summed([one for one in self.all if one.fit == fit])
            for fit in {one.fit for one in self.all}
        }

    def share(self, sums: tuple[int, int], to: float, strength: float) -> tuple[float, float]:
        """How much is sold, leaning on this, and how many trials that rests on."""
        now = DECAY.weight(self.latest_s)
        trials, sold = sums[0] / now, min(max(0.0, sums[1] / now), sums[0] / now)
        return (sold + strength * to) / (trials + strength), trials + strength


def summed(told: list[Told]) -> tuple[int, int]:
    """Both weights."""
    return sum(one.trial for one in told), sum(one.sold for one in told)


def as_text(sums: dict[int, tuple[int, int]]) -> dict[str, list[str]]:
    """As a state has them."""
    return {str(key): [written(one) for one in both] for key, both in sums.items()}


def random_steps(seed: int, steps: int = 60) -> tuple[PairOffers, Plainly]:
    """Both after random prompts and sales, also of what was never shown, and what is taken back."""
    random, model, plain = Random(seed), PairOffers(WEEK_S, PAIRS_MAX), Plainly()
    several = random.choice((8, PAIRS_MAX, 2 * PAIRS_MAX))
    for _ in range(steps):
        pair, fit = random.randint(1, several), random.choice((0, 1))
        time_s = NOON_S - random.randrange(60 * 86_400)
        if random.random() < 0.7:
            rank = random.randrange(3)
            model.expose(pair, fit, rank, time_s=time_s)
            plain.expose(pair, fit, rank, time_s)
        else:
            share = random.choice((-1.0, -0.5, 0.5, 1.0))
            model.reward(pair, fit, share, time_s=time_s)
            plain.reward(pair, fit, share, time_s)
    return model, plain


def test_what_is_kept_is_what_the_list_comes_to_to_the_last_unit() -> None:
    """Before and after pairs had to be forgotten; no step on the way forgets any too early."""
    full = set[bool]()
    for seed in range(80):
        model, plain = random_steps(seed)
        said = {
            "latest_s": plain.latest_s,
            "exposures_all": plain.shown,
            "classes": as_text(plain.classes()),
            "pairs": as_text(plain.pairs()),
            "full": plain.full,
        }
        assert {"params": {"half_life_s": WEEK_S, "pairs_max": PAIRS_MAX}, **said} == model.state()
        assert len(plain.pairs()) == len(model)
        assert (len(model) if plain.full else None) == model.left_out().get("pairs")
        assert (None if plain.full else said["pairs"]) == model.exact_state()["pairs"]
        full.add(plain.full)

    assert {True, False} == full


def test_an_estimate_is_what_the_list_says_and_never_below_nothing() -> None:
    """Also where more was taken back than was sold, as of a pair that was forgotten between."""
    for seed in range(80):
        model, plain = random_steps(seed, 30)
        for pair in range(1, 12):
            of_pair = plain.pairs().get(pair, (0, 0))
            of_class, _ = plain.share(plain.classes().get(0, (0, 0)), SALE_MEAN, CLASS_STRENGTH)
            found = model.estimate(pair, 0)
            known = plain.share(of_pair, of_class, PAIR_STRENGTH)

            assert (found.mean, found.strength) == pytest.approx(known)


def test_before_anything_was_shown_nothing_is_known_and_nothing_left_out() -> None:
    """All workers begin alike."""
    model = PairOffers(WEEK_S, PAIRS_MAX)

    assert (0, 0, {}, {}) == tuple(
        model.state()[name] for name in ("latest_s", "exposures_all", "classes", "pairs")
    )
    assert {} == model.left_out()
    assert model.state() == model.exact_state()


def test_as_many_pairs_as_there_may_be_are_all_taken_over() -> None:
    """Also one of which a sale alone was told yet; with one more, a sixteenth leaves."""
    model = PairOffers(WEEK_S, PAIRS_MAX + 1)
    model.reward(1, 0, 1.0, time_s=NOON_S)
    for pair in range(2, PAIRS_MAX + 1):
        model.expose(pair, 0, 0, time_s=NOON_S)
    state = json.loads(json.dumps(model.state()))
    again, one_more = PairOffers(WEEK_S, PAIRS_MAX), PairOffers(WEEK_S, PAIRS_MAX)
    again.restore({**state, "params": again.state()["params"]})
    model.expose(PAIRS_MAX + 1, 0, 0, time_s=NOON_S)
    one_more.restore({**model.state(), "params": again.state()["params"]})

    assert state["pairs"] == again.state()["pairs"]
    assert LEFT == len(one_more)
    assert "1" not in one_more.state()["pairs"]
