"""A guard on what folding and deciding cost, in instructions of the interpreter.

They are counted, not timed: the same on every machine and under every load, so that no noise can
fail it. Each Python counts them in its own way; therefore they are compared
with a reference loop that is counted in the same run: a plain shop that reads the same events and
counts pairs in dictionaries. What compiled code does is not in it (`make bench` measures time).

A bound is about a twentieth above what was counted when it was set (Python 3.11: 11.3, 32.2, 210).
Who makes the fold dearer on purpose raises the bound, and says why in the commit; who makes it
cheaper lowers it.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import orjson
import pytest

from models.warm import warm
from streams.contract.events import decode, encode
from streams.contract.settings import Settings
from streams.lab.bench.pipeline.pipeline import SLOTS
from streams.lab.bench.stage.assortment import SETTINGS, assortment
from streams.lab.bench.stage.workload import AISLE_ITEMS, AISLES, workload
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.teaching import UNSEEN_MAX
from streams.shop.shop import Shop
from tests.stories import OPEN, Story

EVENTS, KNOWN = 2_000, 1_000
"""The first so many are learned before anything is counted."""
WIDE = 300
"""So many of the last ones are counted where each asks for several slots: that takes longer."""
FOLD_RATIO_MAX = 12.5
DECIDE_RATIO_MAX = 33.8
WIDE_RATIO_MAX = 225.0

Record = tuple[bytes, bytes, int]


def instructions(work: Callable[[], Any]) -> int:
    """How many bytecode instructions of Python it runs."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.fixture(scope="module")
def records() -> Sequence[Record]:
    """What a topic holds of the shoppers of the benchmark."""
    return [
        (event.session_id.encode(), encode(event), event.occurred_at_ms)
        for event in workload(EVENTS)
    ]


class PlainShop:
    """What anybody would write first: baskets, and pairs of what is in them."""

    def __init__(self) -> None:
        self.baskets: dict[str, list[str]] = defaultdict(list)
        self.pairs: dict[tuple[str, str], int] = defaultdict(int)

    def learn(self, value: bytes) -> None:
        """Count an event."""
        event = orjson.loads(value)
        basket = self.baskets[event["session_id"]]
        for other in basket[-6:]:
            self.pairs[other, event["item_id"]] += 1
        basket.append(event["item_id"])


@pytest.fixture(scope="module")
def reference(records: Sequence[Record]) -> float:
    """Instructions an event of the plain shop."""
    shop = PlainShop()
    for _, value, _ in records[:KNOWN]:
        shop.learn(value)

    def work() -> None:
        for _, value, _ in records[KNOWN:]:
            shop.learn(value)

    return instructions(work) / (EVENTS - KNOWN)


class Worker:
    """Folds and decides as a worker does, without Kafka; beside a catalogue of so many items."""

    def __init__(self, items: int = 0) -> None:
        warm(ranker=False)
        self.settings = Settings(**OPEN, **(SETTINGS if items else {}))
        self.shop = Shop(self.settings)
        self.pending = PendingPrompts()
        self.catalog = Catalog.of(self.settings)
        assert all(map(self.catalog.put, assortment(items)))

    def fold(self, offset: int, record: Record) -> None:
        """Decode and learn."""
        key, value, at_ms = record
        event = decode(key, value, timestamp_ms=at_ms, settings=self.settings)
        self.shop.learn(0, offset, event)

    def decide(self, offset: int, record: Record) -> bool:
        """Answer, and write what is said; whether there is a prompt."""
        key, value, at_ms = record
        event = decode(key, value, timestamp_ms=at_ms, settings=self.settings)
        outgoing = self.shop.answer(event, 0, offset, self.pending).outgoing_prompt
        return outgoing is not None and outgoing.to_json() != b""

    def decide_all(self, offset: int, record: Record) -> bool:
        """The same in all slots, beside the catalogue."""
        key, value, at_ms = record
        event = decode(key, value, timestamp_ms=at_ms, settings=self.settings)
        answer = self.shop.answer(event, 0, offset, self.pending, catalog=self.catalog)
        written = [prompt.to_json() for prompt in answer.outgoing_prompts]
        return any(written)


def test_folding_costs_what_it_did(records: Sequence[Record], reference: float) -> None:
    """An event is decoded, and teaches every model that it concerns."""
    worker = Worker()
    for offset, record in enumerate(records[:KNOWN]):
        worker.fold(offset, record)

    def work() -> None:
        for offset, record in enumerate(records[KNOWN:], KNOWN):
            worker.fold(offset, record)

    ratio = instructions(work) / (EVENTS - KNOWN) / reference

    assert 0 < ratio < FOLD_RATIO_MAX


def test_deciding_costs_what_it_did(records: Sequence[Record], reference: float) -> None:
    """Guards, arms, draw, evidence, reason and receipt; for nearly all of these events a prompt."""
    worker = Worker()
    for offset, record in enumerate(records):
        worker.fold(offset, record)
    prompts = 0

    def work() -> None:
        nonlocal prompts
        for offset, record in enumerate(records[KNOWN:], KNOWN):
            prompts += worker.decide(offset, record)

    ratio = instructions(work) / (EVENTS - KNOWN) / reference

    assert prompts > 0.9 * (EVENTS - KNOWN)
    assert 0 < ratio < DECIDE_RATIO_MAX


def test_deciding_for_three_slots_beside_a_catalogue_costs_what_it_did(reference: float) -> None:
    """All arms have something to say, the top-up among them, and items have to fit each other."""
    worker, prompts = Worker(AISLES * AISLE_ITEMS), 0
    asking = [
        (event.session_id.encode(), encode(event), event.occurred_at_ms)
        for event in workload(EVENTS, slots=SLOTS)
    ]
    for offset, record in enumerate(asking):
        worker.fold(offset, record)

    def work() -> None:
        nonlocal prompts
        for offset, record in enumerate(asking[-WIDE:], EVENTS - WIDE):
            prompts += worker.decide_all(offset, record)

    ratio = instructions(work) / WIDE / reference

    assert prompts > 0.9 * WIDE
    assert 0 < ratio < WIDE_RATIO_MAX


def huge_order(lines: int) -> tuple[int, int]:
    """What it costs to fold an order of so many unseen lines, and how many pairs it teaches."""
    shop, order = Shop(Settings(**OPEN)), Story().order(*map(str, range(lines)))
    cost = instructions(lambda: shop.learn(0, 0, order))
    return cost, shop.learned.baskets.sizes()["pairs"].held


def test_a_huge_order_costs_by_the_line_and_not_by_the_square() -> None:
    """Beyond the lines that it teaches as of a basket, each costs the same; nobody waits for it."""
    warm(ranker=False)
    huge_order(2)
    (small, _), (half, few), (whole, many) = map(huge_order, (125, 250, 500))

    assert few == many == UNSEEN_MAX * (UNSEEN_MAX - 1)
    assert 0.9 < (whole - half) / (2 * (half - small)) < 1.1
