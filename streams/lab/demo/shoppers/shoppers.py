"""Simulated shoppers: who they are, and how they take a prompt. Pure and seeded.

What a shopper does with a prompt follows from the truth of the assortment alone, never from the arm
that made it: `acceptance` is the one place where that is said. So the demo shows whether goeswith
finds out what is true, and an arm earns only what its items deserve.
"""

from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Literal, NamedTuple

from streams.contract.events.slots import Placement
from streams.lab.demo.shops.assortment import GROCERY, Assortment

Segment = Literal["regular", "explorer"]
SEGMENTS: tuple[Segment, ...] = ("regular", "explorer")

HABITS = 3
ANONYMOUS_SHARE = 0.15
NO_CONSENT_SHARE = 0.03
ATTENTION: dict[Segment, dict[Placement, float]] = {
    "regular": {"product_page": 0.5, "basket": 0.9},
    "explorer": {"product_page": 0.9, "basket": 0.7},
}
"""How much of a need a prompt turns into an add, by segment and placement."""
HABIT_NEED: dict[Segment, float] = {"regular": 0.35, "explorer": 0.10}
"""How probably a habit that is not in the basket yet is wanted today."""
REMINDED = 0.2
"""Share of the takers of a popular item who need a prompt to think of it: they know the milk."""
STRAY = 0.01
"""Chance that something without any reason is taken."""
POSITION = (1.0, 0.7, 0.5)
"""The second and third item of a prompt get less attention."""


class Shopper(NamedTuple):
    """Somebody who comes again: `habits` are the staples of most visits."""

    shopper_id: str | None
    segment: Segment
    habits: tuple[str, ...] = ()
    consent: bool = True
    owned: frozenset[str] = frozenset()
    """What of it one is enough, and is there: it is neither looked for nor taken again."""
    life: int = 1
    """From the second one on it is somebody else of the same habits: see `Belongings`."""

    @property
    def known_as(self) -> str | None:
        """Who it is to the shop."""
        first = self.life == 1 or self.shopper_id is None
        return self.shopper_id if first else f"{self.shopper_id}-{self.life}"


class Reaction(NamedTuple):
    """What a shopper does with a prompt that was seen; `item_id` where one is meant."""

    stage: Literal["added", "clicked", "dismissed", "ignored"]
    item_id: str | None = None


def crowd(seed: int, size: int, shop: Assortment = GROCERY) -> tuple[Shopper, ...]:
    """The same `size` shoppers for the same seed.

    >>> crowd(7, 3) == crowd(7, 3)
    True
    """
    rng = Random(f"{seed}/crowd")
    return tuple(_drawn(rng, f"shopper-{n}", shop) for n in range(size))


def visitors(seed: int, shoppers: Sequence[Shopper]) -> Iterator[Shopper]:
    """Who comes next, for ever: one of the crowd, or somebody who does not say who it is."""
    rng = Random(f"{seed}/visitors")
    while True:
        if rng.random() < ANONYMOUS_SHARE or not shoppers:
            yield Shopper(None, _segment(rng))
        else:
            yield rng.choice(shoppers)


def acceptance(
    items: Sequence[str],
    having: Collection[str],
    shopper: Shopper,
    placement: Placement,
    shop: Assortment = GROCERY,
) -> tuple[float, ...]:
    """Probability of each prompted item to be taken, if none before it is.

    `having` is the basket and the item that is looked at. Only the truth counts.

    >>> explorer = Shopper("s", "explorer")
    >>> acceptance(["butter", "milk", "tent"], {"bread"}, explorer, "basket")
    (0.28, 0.049, 0.0035)
    """
    attention = ATTENTION[shopper.segment][placement]
    return tuple(
        round(attention * position * need(item, having, shopper, shop), 6)
        for item, position in zip(items, POSITION, strict=False)
    )


def need(
    item_id: str, having: Collection[str], shopper: Shopper, shop: Assortment = GROCERY
) -> float:
    """How much a prompt for this item helps: a complement or a habit does, milk hardly."""
    if item_id in having or item_id in shopper.owned:
        return 0.0
    habit = HABIT_NEED[shopper.segment] if item_id in shopper.habits else 0.0
    reminded = REMINDED * shop.popular.get(item_id, 0.0)
    return max(shop.completes(item_id, having), habit, reminded, STRAY)


def annoyance(seen: int, *, fits: bool) -> float:
    """Probability that a prompt which is not taken is sent away; `seen` of this session before.

    >>> annoyance(0, fits=True), annoyance(4, fits=False)
    (0.02, 0.32)
    """
    return min(0.6, round(0.02 + 0.05 * seen + (0.0 if fits else 0.1), 6))


def react(
    items: Sequence[str],
    having: Collection[str],
    shopper: Shopper,
    placement: Placement,
    *,
    seen: int,
    rng: Random,
    shop: Assortment = GROCERY,
) -> Reaction:
    """What the shopper does with a prompt: takes an item, looks closer, sends it away, nothing."""
    chances = acceptance(items, having, shopper, placement, shop)
    for item, chance in zip(items, chances, strict=False):
        if rng.random() < chance:
            return Reaction("added", item)
    best = max(items, key=lambda item: need(item, having, shopper, shop))
    fits = need(best, having, shopper, shop) > REMINDED
    if rng.random() < (0.12 if fits else 0.02):
        return Reaction("clicked", best)
    if rng.random() < annoyance(seen, fits=fits):
        return Reaction("dismissed")
    return Reaction("ignored")


def _drawn(rng: Random, shopper_id: str, shop: Assortment) -> Shopper:
    habits = tuple(rng.sample(shop.staples, HABITS))
    return Shopper(shopper_id, _segment(rng), habits, rng.random() >= NO_CONSENT_SHARE)


def _segment(rng: Random) -> Segment:
    return rng.choice(SEGMENTS)
