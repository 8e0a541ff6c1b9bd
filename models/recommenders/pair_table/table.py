"""A table of pairs: the counts of items and of their partners, in flat arrays that grow.

Items have names outside and numbers inside. The arrays hold what there is, grow by half of
themselves when they are full, and never shrink; numbers of forgotten items are given to new ones.
A pair takes two cells of 24 bytes, an item a row of 64.
"""

from collections.abc import Collection, Iterable, Sequence
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.limits import at_least_one, within
from models.recommenders.pair_table import counting, ranking
from models.recommenders.pair_table import state as pair_state
from models.recommenders.pair_table.layout import (
    CELL,
    CLASSES,
    FACTS,
    NEAR,
    NOBODY,
    NONE,
    ROW,
    ROW_MAX,
    SMALLEST,
    STEP,
    TOP,
    VOTE,
    WEIGHED,
    Ranked,
    Support,
    VoteWeights,
    longer,
    name_hash,
)
from models.snapshot.arrays import column

CELLS_FIRST = 1 << 12
ROWS_FIRST = 1 << 6
STEPS_MAX = 256
"""Steps that wait to be counted."""


class PairTable:
    """Counts of items and pairs.

    What is learned is counted when somebody reads, or in hundreds: a call of a compiled loop costs
    as much as what it does for one event.

    Parameters
    ----------
    row_max
        Partners remembered of an item; when there is one more, the lightest quarter is forgotten.
    norm
        Power of an item's weight by which its scores are divided.
    """

    def __init__(self, row_max: int, norm: float) -> None:
        at_least_one(row_max=row_max)
        within(1, ROW_MAX, row_max=row_max)
        self.row_max = row_max
        self.norm = norm
        self.era = 0
        self.number: dict[str, int] = {}
        self.names: list[str] = []
        self._cells = np.zeros(CELLS_FIRST, CELL)
        self._rows = np.zeros(ROWS_FIRST, ROW)
        self._steps: list[int] = []
        self._contexts: list[int] = []
        self.chunks = np.full(CLASSES + 1, NONE, np.int64)
        self.chunks[TOP] = 0
        self._free: list[int] = []
        self._make_scratch()

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles leave out the scratch: reading changes nothing."""
        self._settle()
        return {name: it for name, it in vars(self).items() if name not in ("_scratch", "_hashes")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._make_scratch()

    def __len__(self) -> int:
        return len(self.number)

    def __contains__(self, item: str) -> bool:
        return item in self.number

    # Learning

    def numbers(self, items: Iterable[str]) -> list[int]:
        """The numbers of these items; from now on they are known."""
        number = self.number
        try:
            return [number[item] for item in items]
        except KeyError:
            return [self._admit(item) for item in items]

    def _admit(self, item: str) -> int:
        number = self.number.get(item)
        if number is None:
            item = intern(item)  # as sessions have it: who looks it up compares no letters
            if self._free:
                number = self._free.pop()
                self.names[number] = item
            else:
                number = len(self.names)
                self.names.append(item)
                if number == len(self._rows):
                    self._rows = longer(self._rows)
                    self._make_scratch()
            self.number[item] = number
            self._hashes[number] = name_hash(item)
        return number

    def learn(
        self, context: Sequence[str], y: str, era: int, weight: int, *, first: int, near: bool
    ) -> None:
        """Count `y` and its pairs with a context; `near`: the nearer, the more a pair weighs.

        `first`: 1 if this counts as a meeting, and not only as weight; plus `ALONE`, if only the
        pairs count, as `y` was counted before.
        """
        if era > self.era:
            counting.advance_eras(self.cells, self.rows, min(era - self.era, 2), self.norm)
            self.era = era
        known = self.number
        try:
            numbers, number = list(map(known.__getitem__, context)), known[y]
        except KeyError:
            numbers, number = self.numbers(context), self._admit(y)
        early = 0 if era == self.era else min(self.era - era, 2)
        self._contexts += numbers
        self._steps += (len(numbers), number, weight, early, first + NEAR * near)
        if len(self._steps) >= STEP * STEPS_MAX:
            self._settle()

    def _settle(self) -> None:
        """Count what has been learned and was not counted yet."""
        if not self._steps:
            return
        steps, contexts = np.array(self._steps, np.int64), np.array(self._contexts, np.int64)
        self._steps.clear()
        self._contexts.clear()
        done = at = 0
        while done < len(steps):
            done, at = counting.learn(
                *(self._cells, self._rows, self.chunks, steps, contexts, done, at),
                *(self.row_max, self.norm),
            )
            if done < len(steps):
                room = 4 * int(steps[done]) * max(SMALLEST, self.row_max)
                self._cells = longer(self._cells, room)

    @property
    def cells(self) -> NDArray[Any]:
        """All cells, with everything counted."""
        self._settle()
        return self._cells

    @property
    def rows(self) -> NDArray[Any]:
        """All rows, with everything counted."""
        self._settle()
        return self._rows

    def forget(self, items: Iterable[str]) -> None:
        """Forget these items, and their pairs."""
        gone = np.zeros(len(self.rows), np.bool_)
        for item in items:
            number = self.number.pop(item)
            gone[number] = True
            self.names[number] = ""
            self._free.append(number)
        counting.forget(self.cells, self.rows, self.chunks, gone)

    # Reading

    def voters(self, items: Iterable[str]) -> NDArray[np.int64]:
        """The numbers of items, in the same order; `NOBODY` for those that are not known."""
        number = self.number.get
        return np.array([number(item, NOBODY) for item in items], np.int64)

    def rank(
        self,
        voters: NDArray[np.int64],
        vote_weights: VoteWeights,
        support: Support,
        depth: int,
    ) -> tuple[list[Ranked], int]:
        """The best `depth` partners of the voters, best first, and how many there are in all.

        Equals go by id; more than `depth` come back when the last of them have equals.
        """
        if self._steps:
            self._settle()
        heap, votes, active, scores, facts, _ = self._scratch
        count, in_all = ranking.rank(
            *(self._cells, self._rows, voters, *vote_weights, *support, min(depth, len(heap))),
            *(heap, votes, active, scores, facts),
        )
        best = zip(scores[:count].tolist(), facts[:count].tolist(), strict=True)
        names = self.names
        ranked = [(-score, names[item], met, of, at) for score, (item, met, of, at) in best]
        ranked.sort()
        return ranked, in_all

    def proposes(self, voters: Iterable[str], support: Support, exclude: Collection[str]) -> bool:
        """Whether any of their candidates is not excluded: mostly the first one is not."""
        if self._steps:
            self._settle()
        cells, rows, names, first = self._cells, self._rows, self.names, self._scratch[-1]
        for number in map(self.number.get, voters):
            if number is None or not ranking.candidates(cells, rows, number, *support, first):
                continue
            if names[first.item()] not in exclude:
                return True
            row = np.empty(self.row_max, np.int64)
            count = ranking.candidates(cells, rows, number, *support, row)
            if not all(names[at] in exclude for at in row[1:count].tolist()):
                return True
        return False

    def partners(self, item: str) -> NDArray[Any]:
        """The cells of an item's partners; empty where there is no such item."""
        number = self.number.get(item)
        if number is None:
            return self.cells[:0]
        row = self.rows[number]
        return self.cells[row["start"] : row["start"] + row["length"]]

    def weights(self) -> dict[str, tuple[int, int, int]]:
        """What each item weighs, by era, and how often it was seen: comparable between items."""
        latest, before, times = (self.rows[name].tolist() for name in ("latest", "before", "times"))
        return {item: (latest[n], before[n], times[n]) for item, n in self.number.items()}

    def _make_scratch(self) -> None:
        size, self._hashes = len(self._rows), self._rows["hash"]
        self._scratch = (
            np.empty(size),
            np.zeros(size, VOTE),
            np.empty(size, np.int64),
            np.empty(size),
            np.empty((size, FACTS), np.int64),
            np.empty(1, np.int64),
        )

    # The state

    def state(self) -> dict[str, Any]:
        """All counts in columns, items and partners by name: equal tables, equal states."""
        return self._written(whole=True)

    def exact_state(self) -> dict[str, Any]:
        """The state without the partners of rows that ever had to forget any.

        A row forgets when its item has met more others than it may remember: in any order alike.
        """
        return self._written(whole=False)

    def _written(self, *, whole: bool) -> dict[str, Any]:
        items = sorted(pair_state.counted(self.number, self.rows, self.cells))
        numbers = np.array([self.number[item] for item in items], np.int64)
        rank = np.zeros(len(self.rows), np.int64)
        rank[numbers] = np.arange(len(items))
        rows = self.rows[numbers]
        if not whole:
            rows["length"][rows["trimmed"] > 0] = 0
        owners = np.repeat(np.arange(len(items)), rows["length"])
        firsts = np.cumsum(rows["length"]) - rows["length"]
        cells = self.cells[np.arange(len(owners)) - firsts[owners] + rows["start"][owners]]
        partners = rank[cells["item"]]
        order = np.lexsort((partners, owners))
        return {
            "era": self.era,
            "items": items,
            **{name: column(rows[name]) for name in (*WEIGHED, "length", "trimmed")},
            "partners": column(partners[order]),
            **{f"pair_{name}": column(cells[name][order]) for name in WEIGHED},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned, in a new table; rows that are too long here are trimmed.

        Raises `ValueError` when it is unsound (`models.recommenders.pair_table.state`).
        """
        names, rows, cells = pair_state.read(state)
        rows = longer(rows, max(0, ROWS_FIRST - len(rows)))
        rows["hash"][: len(names)] = [name_hash(item) for item in names]
        self.era, self.names = int(state["era"]), [*map(intern, names)]
        self.number = {item: number for number, item in enumerate(self.names)}
        self._rows, self._cells = rows, longer(cells, max(0, CELLS_FIRST - len(cells)))
        self.chunks[TOP] = len(cells)
        counting.fit(self._cells, rows, self.row_max)
        counting.advance_eras(self._cells, rows, 0, self.norm)
        self._make_scratch()
