"""Plain numbers that `arms` and `uplift` show, beside a recount of the outcomes, written apart."""

from collections import Counter, defaultdict
from functools import lru_cache
from typing import Any

import pytest

from streams.contract.published.outcomes import AnyOutcome, Outcome
from streams.experiments.impressions import Trials
from streams.experiments.uplift.units import Units
from streams.views.arm_board import ArmBoard
from tests.lab.chaos.street import Street

EVENTS, SEEDS = 2_000, (1,)


@lru_cache
def outcomes(seed: int) -> list[AnyOutcome]:
    """What two workers publish on a street on which everything happens, repeats included."""
    return Street(seed, EVENTS).outcomes


def first_copies(seed: int) -> list[AnyOutcome]:
    """Without repeats."""
    return list({one.identity: one for one in reversed(outcomes(seed))}.values())[::-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_board_of_arms_shows_what_a_recount_finds(seed: int) -> None:
    """Prompts by the stages that they reached, and the sum of rewards."""
    board, trials = ArmBoard(), Trials()
    for one in outcomes(seed):
        board.add(one)
        if isinstance(one, Outcome):
            trials.add(one)
    reached, rewards = defaultdict[tuple[str, str], set[str]](set), Counter[str]()
    for one in first_copies(seed):
        if isinstance(one, Outcome):
            reached[one.arm, one.stage].add(one.prompt_id)
            rewards[one.arm] += one.reward  # type: ignore[assignment]
    rows = {row.arm: row._asdict() for row in board.rows()}

    assert rows.keys() == rewards.keys()
    assert sum(len(prompts) for (_, stage), prompts in reached.items() if stage == "bought")
    for arm, row in rows.items():
        stages = {stage: len(prompts) for (of, stage), prompts in reached.items() if of == arm}
        assert stages == {name: row[name] for name in stages}
        assert rewards[arm] == pytest.approx(row["reward"])
    assert trials.pending == len({p for (_, s), of in reached.items() if s == "shown" for p in of})


def recounted(seed: int) -> dict[bool, Counter[str]]:
    """By side what its units did, from their assignment on, net of what came back."""
    records = [one.model_dump() for one in first_copies(seed)]
    first: dict[str, dict[str, Any]] = {}
    for one in sorted(records, key=lambda one: one["occurred_at_ms"]):
        if one["type"] == "assigned":
            first.setdefault(one["unit"], one)
    told, back = defaultdict[str, list[Any]](list), defaultdict[str, list[Any]](list)
    for one in records:
        if one["type"] in ("returned", "unmatched"):
            back[one["order_id"]].append(one["lines"])
        elif one["type"] == "ordered":
            told[one["order_id"]].append(one)
    done = {held: Counter[str](units=0) for held in (True, False)}
    for one in first.values():
        done[one["holdout"]]["units"] += 1
    for number, orders in told.items():
        if (found := the_order(orders, first)) is not None:
            order, held = found
            done[held].update(net(order["lines"], back[number]))
    return done


def the_order(orders: list[Any], first: dict[str, Any]) -> tuple[Any, bool] | None:
    """Of those who tell an order who is right, and on which side that is."""
    signed_in = {one["shopper"]: one for one in reversed(first.values()) if one["shopper"]}
    told = [one for one in orders if one["known_by"] is None] or orders
    for one in sorted(told, key=lambda one: one["occurred_at_ms"]):
        known_by, side = one["known_by"], first.get(one["unit"])
        if known_by is not None:
            side = side or signed_in.get(one["shopper"])
        early = known_by is not None and side and one["occurred_at_ms"] < side["occurred_at_ms"]
        if side and not early:
            return one, side["holdout"]
    return None


def net(bought: list[Any], back: list[Any]) -> dict[str, int]:
    """What is left of the lines of an order."""
    ordered = Counter({line["item_id"]: line["quantity"] for line in bought})
    kept = ordered.copy()
    for lines in back:
        every = [{"item_id": item, "quantity": -number} for item, number in ordered.items()]
        for line in lines or every:
            item = line["item_id"]
            if item in kept:
                kept[item] = max(0, kept[item] + line["quantity"])
    left = kept.total()
    return {"orders": left > 0, "items": left, "returned": ordered.total() - left}


@pytest.mark.parametrize("seed", SEEDS)
def test_uplift_counts_what_a_recount_finds(seed: int) -> None:
    """Units of each side, their orders, pieces, and what came back."""
    units = Units()
    for one in outcomes(seed):
        units.add(one)
    (experiment,) = units.experiments()
    totals = units.totals(experiment.id)
    sides = {True: totals.held_out, False: totals.may_get}
    names = ("orders", "items", "returned")
    counted = {
        held: Counter(units=len(side))
        + Counter({n: sum(getattr(u, n) for u in side) for n in names})
        for held, side in sides.items()
    }

    assert recounted(seed) == counted
    assert all(side["orders"] for side in counted.values())
    assert any(getattr(one, "known_by", None) for one in outcomes(seed))
