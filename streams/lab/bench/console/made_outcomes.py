"""Outcomes of a shop that is made up: of prompts and of the holdout, in the order of their times.

A million impressions are a gigabyte: so records are made as they are read, from a seed, and what
was read is not kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.settings import Settings
from streams.lab.bench.inference.peeking import FLOOR, REFRESH, Batched

START_MS = 1_767_225_600_000
DAY_MS = 86_400_000
NO_TIME_MS = -1
"""What a log says that has no times of its own."""
EXPERIMENT = "holdout-00000000"
ADDED = 0.5
"""What an add earns, of the reward of a purchase."""
ORDER_MINOR = 2_500
CONTEXTS = tuple(f"{slot}/{who}" for slot in ("basket", "product_page") for who in ("new", "known"))


@dataclass(frozen=True)
class MadeShop:
    """So many impressions in so many days, and what is worth what."""

    impressions: int
    days: float
    rates: Mapping[str, float]
    """How often an impression is followed by an add, by arm; alike: an A/A test."""
    held_out: float = 0.05
    """The share of units that is held out: nothing else is different for them."""
    orders: float = 0.08
    """Orders of a unit, whichever its side."""
    units_each: int = 4
    """Impressions of a unit that may get prompts."""
    contexts: Sequence[str] = field(default=CONTEXTS)

    @property
    def each_ms(self) -> float:
        """Between two impressions."""
        return self.days * DAY_MS / self.impressions


def made(shop: MadeShop, rng: np.random.Generator) -> Iterator[bytes]:
    """What the shop publishes; the arms of prompts are drawn by the product's own policy."""
    policy, arms = Batched(floor=FLOOR), list(shop.rates)
    for first in range(0, shop.impressions, REFRESH):
        context = shop.contexts[first // REFRESH % len(shop.contexts)]
        choice = policy.choose(arms, context, seed=0)
        chances = np.array([choice.propensities[arm] for arm in arms])
        draws = rng.choice(len(arms), REFRESH, p=chances / chances.sum())
        adds = rng.random(REFRESH) < np.array([shop.rates[arm] for arm in arms])[draws]
        by_arm = np.bincount(draws, minlength=len(arms)).tolist()
        added = np.bincount(draws, adds, len(arms)).tolist()
        for arm, trials, won in zip(arms, by_arm, added, strict=True):
            policy.learn(arm, trials, int(won))
        logged = {"propensities": choice.propensities, "estimates": choice.estimates}
        for number, (drawn, add) in enumerate(
            zip(draws.tolist(), adds.tolist(), strict=True), first
        ):
            at_ms = START_MS + int(number * shop.each_ms)
            if number % shop.units_each == 0:
                yield from _unit(shop, number // shop.units_each, at_ms, rng)
            said = _of_prompt(number, arms[drawn], context, choice.propensities[arms[drawn]], at_ms)
            yield orjson.dumps(said | logged | {"stage": "shown", "reward": 0.0})
            if add:
                more = {"stage": "added", "reward": ADDED, "item_id": "butter"}
                yield orjson.dumps(said | more | {"occurred_at_ms": at_ms + 1})


def _of_prompt(
    number: int, arm: str, context: str, propensity: float, at_ms: int
) -> dict[str, object]:
    return {
        "schema_version": 1,
        "type": "outcome",
        "prompt_id": f"{number:032x}",
        "session_id": f"session-{number}",
        "arm": arm,
        "context": context,
        "propensity": propensity,
        "caused_by": f"event-{number}",
        "occurred_at_ms": at_ms,
        "prompted_at_ms": at_ms,
    }


def _unit(shop: MadeShop, number: int, at_ms: int, rng: np.random.Generator) -> Iterator[bytes]:
    """A unit is assigned, and may order."""
    said = {
        "schema_version": 1,
        "session_id": f"visit-{number}",
        "unit": f"{number:024x}",
        "experiment": EXPERIMENT,
        "holdout": bool(rng.random() < shop.held_out),
        "caused_by": f"event-{number}",
        "occurred_at_ms": at_ms,
    }
    yield orjson.dumps(said | {"type": "assigned", "share": shop.held_out})
    if rng.random() < shop.orders:
        line = {"item_id": "bread", "quantity": 1, "value_minor": ORDER_MINOR}
        order = {"type": "ordered", "order_id": f"order-{number}", "items": 1, "quantity": 1}
        worth = {"value_minor": ORDER_MINOR, "currency": "EUR", "lines": [line]}
        yield orjson.dumps(said | order | worth)


class MadeLog(LogReader):
    """A topic of one partition that goes on as it is written; what was read is not kept."""

    def __init__(self, topic: str, values: Iterable[bytes], settings: Settings) -> None:
        super().__init__(None, [Partition(topic, 0)], settings)
        self._coming = iter(values)
        self._there: list[bytes] = []
        self._first = 0
        """The offset of the first of them."""

    def write(self, records_max: int) -> int:
        """Let so many more come; how many there were."""
        new = [value for _, value in zip(range(records_max), self._coming, strict=False)]
        self._there += new
        return len(new)

    def begins(self) -> dict[Partition, int]:
        """The beginning: whoever reads has read what is gone."""
        return dict.fromkeys(self.partitions, 0)

    def ends(self) -> dict[Partition, int]:
        """Behind the last that was written."""
        return dict.fromkeys(self.partitions, self._first + len(self._there))

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """In order, and once."""
        (at,) = self.partitions
        begin, count = begins[at], ends[at] - begins[at]
        values = self._there[begin - self._first :][:count]
        for number, value in enumerate(values, begin):
            yield RawRecord(at, number, NO_TIME_MS, b"key", value, [])
        self._there = self._there[begin - self._first + count :]
        self._first = begin + count
