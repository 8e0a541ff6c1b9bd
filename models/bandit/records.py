"""Trials and rewards of arms: in all, by arm, and by context; the least used are evicted."""

from collections.abc import Iterator
from typing import Any

from models.bandit.shrinkage import NO_RECORD, ArmRecord
from models.decay.eviction import lightest, slab
from models.limits import at_least_one
from models.snapshot.elements import each
from models.snapshot.snapshot import Snapshotted

ALWAYS_EXACT = ("params", "latest_s", "all", "exposures_all", "full")
"""What of a policy's state no table can spoil: sums over everything, and maxima."""
EXACT_BY_ARM = ("arms", "exposures", "delays")
"""What is exact as long as no arm had to be forgotten."""


class ArmRecords:
    """Records of arms in contexts, at most so many of each.

    >>> records = ArmRecords(arms_max=8, contexts_max=8)
    >>> records.add("popular", "basket/new", ArmRecord(trials=3, rewards=1))
    >>> records.add("popular", "basket/known", ArmRecord(trials=2, rewards=0))
    >>> records.arms["popular"]
    ArmRecord(trials=5, rewards=1)
    """

    def __init__(self, arms_max: int, contexts_max: int) -> None:
        at_least_one(arms_max=arms_max, contexts_max=contexts_max)
        self.arms_max = arms_max
        self.contexts_max = contexts_max
        self.all = NO_RECORD
        self.arms: dict[str, ArmRecord] = {}
        self.cells: dict[str, dict[str, ArmRecord]] = {}  # context -> arm -> record
        self.arms_full = self.contexts_full = False  # whether the table ever had to forget

    def add(self, arm: str, context: str, more: ArmRecord) -> None:
        """Add to the record of an arm, of all arms, and of the arm in a context."""
        cell = self.cells.get(context)
        if cell is None:
            cell = self.cells[context] = {}
        cell[arm] = cell.get(arm, NO_RECORD).plus(more)
        self.arms[arm] = self.arms.get(arm, NO_RECORD).plus(more)
        self.all = self.all.plus(more)

    @property
    def crowded(self) -> bool:
        """Whether there are more arms or contexts than may be."""
        return len(self.arms) > self.arms_max or len(self.cells) > self.contexts_max

    def forget(self) -> Iterator[str]:
        """Make room where a table is full; yields the arms that are forgotten."""
        if len(self.arms) > self.arms_max:
            self.arms_full = True
            trials = {arm: record.trials for arm, record in self.arms.items()}
            for arm in lightest(trials, slab(self.arms_max)):
                del self.arms[arm]
                for cell in self.cells.values():
                    cell.pop(arm, None)
                yield arm
        if len(self.cells) > self.contexts_max:
            self.contexts_full = True
            trials = {
                context: sum(record.trials for record in cell.values())
                for context, cell in self.cells.items()
            }
            for context in lightest(trials, slab(self.contexts_max)):
                del self.cells[context]

    def state(self) -> dict[str, Any]:
        """All records, as JSON."""
        return {
            "all": self.all.written(),
            "arms": {arm: record.written() for arm, record in self.arms.items()},
            "cells": {
                context: {arm: record.written() for arm, record in cell.items()}
                for context, cell in self.cells.items()
            },
            "full": [self.arms_full, self.contexts_full],
        }

    def exact(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state of a policy on these records, without what an overflow may have spoilt.

        With an arm its records in all contexts are forgotten; with a context, those of all arms
        there: an arm's own record has them still.
        """
        if not (self.arms_full or self.contexts_full):
            return state
        kept = ALWAYS_EXACT if self.arms_full else ALWAYS_EXACT + EXACT_BY_ARM
        return {name: part if name in kept else None for name, part in state.items()}

    def left_out(self) -> dict[str, int]:
        """Arms and contexts whose records are approximate, if any."""
        left = {
            "arms": self.arms_full * len(self.arms),
            "contexts": (self.arms_full or self.contexts_full) * len(self.cells),
        }
        return {what: rows for what, rows in left.items() if rows}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        self.all = ArmRecord.read(state["all"])
        self.arms = {arm: ArmRecord.read(record) for arm, record in state["arms"].items()}
        self.cells = {
            context: {arm: ArmRecord.read(record) for arm, record in cell.items()}
            for context, cell in state["cells"].items()
        }
        self.arms_full, self.contexts_full = each(bool, state["full"])


class PolicyOnRecords(Snapshotted):
    """A policy on records, exact as far as they are."""

    _records: ArmRecords

    def exact_state(self) -> dict[str, Any]:
        """The state without the tables that ever ran full, and without what leans on them."""
        return self._records.exact(self.state())

    def left_out(self) -> dict[str, int]:
        """Arms and contexts of tables that ever ran full."""
        return self._records.left_out()

    @property
    def ranking(self) -> list[str]:
        """All arms ever seen, the best mean over all contexts first; equal ones by id."""
        return sorted((arms := self._records.arms), key=lambda arm: (-arms[arm].mean(), arm))
