"""Who is compared: fixed numbers of items, a decided number, single arms, what is popular.

And a shop that decides, and speaks twice in a visit at most: what it earns by annoying fewer.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import SecretStr

from streams.contract.settings import Settings
from streams.lab.bench.regret.profit.shops import ProfitShop
from streams.lab.bench.regret.profit.visits import Contender, Expectation, Takings
from streams.shop.decision.arms import ARMS

FIXED = ("fixed 1", "fixed 2", "fixed 3")
DECIDED = "decided"
SPARING = "decided, sparing"
SPARING_PROMPTS = 2
"""Prompts of a visit at most, where as many as are allowed at most are eight."""
SINGLE = tuple(f"only {name}" for name in ARMS if name != "best_fit")
POPULAR = "only popular"
CONTENDERS = (*FIXED, DECIDED, SPARING, *SINGLE)
BINS = 10
FLOOR = 0.01
"""Of all contenders alike: what an arm that earns less is drawn for, so that it can recover."""


class Played(NamedTuple):
    """What a contender has taken in, after it has learned."""

    shop: str
    contender: str
    profit: float
    """A session, in minor units."""
    best: float
    """What the best prompts would have earned, whenever manners let us speak, whatever they offer:
    also again what was just sent away or bought."""
    mannerly: float
    """The same of the best prompts that offer nothing that ours may not offer."""
    dismissals: float
    """Of 100 sessions."""
    best_dismissals: float
    """What the best prompts would have had of them."""
    prompts: float
    """A session."""
    items: float
    """A prompt."""
    reliability: list[list[float]]
    """Expected and true, in minor units, and how many, by tenths of what was expected."""


def settings_of(name: str, simulated: ProfitShop) -> Settings:
    """Those of a contender. The scale is what nine in ten items earn less than, three times."""
    margins = sorted(good.margin_minor for good in simulated.goods.values())
    scale = max(3 * margins[len(margins) * 9 // 10], 4 * simulated.temper.dismissal_minor)
    said: dict[str, Any] = {
        "receipt_secret": SecretStr("a secret of the bench"),
        "holdout_share": 0.0,
        "reward": "net",
        "reward_scale_minor": scale,
        "dismissal_cost_minor": simulated.temper.dismissal_minor,
        "items_decided": name in (DECIDED, SPARING),
        "best_worth": name in (DECIDED, SPARING),
        "arm_floor": FLOOR,
        "prompt_items_max": int(name.split()[1]) if name in FIXED else 3,
    }
    if name == SPARING:
        said["prompts_per_session_max"] = SPARING_PROMPTS
    return Settings(**said)


def play(kind: str, name: str, seed: int, learning: int, measured: int) -> Played:
    """One contender in one shop: it learns from so many events, and is then measured."""
    simulated = ProfitShop(kind, seed)
    only = name.removeprefix("only ")
    arms = {only: ARMS[only]} if name in SINGLE else None
    contender = Contender(simulated, seed, settings_of(name, simulated), arms)
    contender.run(learning)
    return _figures(kind, name, contender.run(measured))


def _figures(kind: str, name: str, taken: Takings) -> Played:
    sessions = taken.sessions
    return Played(
        kind,
        name,
        taken.worth_minor / sessions,
        taken.best_minor / sessions,
        taken.mannerly_minor / sessions,
        100.0 * taken.dismissals / sessions,
        100.0 * taken.best_dismissals / sessions,
        taken.prompts / sessions,
        taken.items / max(1, taken.prompts),
        reliability(taken.expectations),
    )


def reliability(expectations: list[Expectation]) -> list[list[float]]:
    """Mean expected, mean true, and number, by tenths of what was expected.

    >>> reliability([Expectation(1.0, 2.0), Expectation(3.0, 2.0)])
    [[1.0, 2.0, 1], [3.0, 2.0, 1]]
    """
    ordered, bins = sorted(expectations), []
    for number in range(BINS):
        begin, end = (len(ordered) * n // BINS for n in (number, number + 1))
        if some := ordered[begin:end]:
            expected, true = map(sum, zip(*some, strict=True))
            bins.append([expected / len(some), true / len(some), len(some)])
    return bins


def calibration_error(bins: list[list[float]]) -> float:
    """How far the expectation is off on average, as a share of what is earned on average."""
    off = sum(abs(expected - true) * number for expected, true, number in bins)
    true = sum(abs(true) * number for _, true, number in bins)
    return off / true if true else 0.0


def by_contender(played: list[Played], shop: str) -> Mapping[str, Played]:
    """The contenders in one shop, by name."""
    return {one.contender: one for one in played if one.shop == shop}
