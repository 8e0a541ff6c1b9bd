"""Lives of learned models under bounds that are soon reached, with ids that collide.

What is asserted of each: its answers name items that there are, own history is the shopper's own,
rings and free blocks share out the pool, scratch is clean after a question, and a model that is
restored answers as before. What loops read and write beyond their arrays is an `IndexError`, where
they are compiled to say so.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from models import BestFit, CoOccurrence, SessionKNN, SnapshotError
from models.recommenders.best_fit.counts.learning import SHOPPER_ROOM_MAX
from models.recommenders.best_fit.sources import Sources
from models.recommenders.session_index import sound
from models.recommenders.session_index.rings import COUNT_MAX
from models.recommenders.session_index.session_index import (
    NUMBERS_MAX,
    SESSIONS_PER_ITEM_MAX,
    SessionIndex,
)
from tests.models.recommenders.aged import aged

MONDAY = 1_767_225_600
AGES = (0, 3_000_000, NUMBERS_MAX - 4_000, NUMBERS_MAX - 300)
COUNTS = (0, 5_000_000, COUNT_MAX - 2_000)
EVENTS = 4_000
"""In one life."""
ASKED_EVERY, LOOKED_AT_EVERY, RESTORED_EVERY = 12, 250, 900


class Life:
    """One model, from its first event to its last."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.items = int(self.chance.integers(3, 90))
        self.shoppers = int(self.chance.integers(1, 30))
        self.categories = int(self.chance.integers(0, 12))
        self.held: dict[str, list[str]] = defaultdict(list)
        self.took: dict[str, set[str]] = defaultdict(set)
        self.kind: Callable[..., Any] = [BestFit, BestFit, SessionKNN, CoOccurrence][
            int(self.chance.integers(4))
        ]
        self.bounds = self._bounds()
        self.model = self.kind(**self.bounds)
        self.now_s = MONDAY
        self.age_at = int(self.chance.integers(200, 800))

    def _bounds(self) -> dict[str, int]:
        def few(most: int) -> int:
            return int(1 + self.chance.integers(0, most) * self.chance.random())

        bounds = {"items_max": few(100)}
        if self.kind is CoOccurrence:
            return {**bounds, "row_max": few(12), "context_items": few(6)}
        bounds["sessions_max"] = few(120)
        return {**bounds, "shoppers_max": few(30)} if self.kind is BestFit else bounds

    def live(self, events: int) -> None:
        """So many events, some questions, some restarts."""
        for number in range(1, events + 1):
            self.learn()
            if number % ASKED_EVERY == 0:
                self.ask()
            if number % LOOKED_AT_EVERY == 0:
                self.look_inside()
            if number % RESTORED_EVERY == 0:
                self.restart()
            if number == self.age_at and self.kind is not CoOccurrence:
                pick = int(self.chance.integers(len(AGES))), int(self.chance.integers(len(COUNTS)))
                self.model = aged(self.model, AGES[pick[0]], COUNTS[pick[1]])
        self.look_inside()

    def name(self) -> str:
        """An item, the first the most often; now and then a new one that will not come again."""
        if self.chance.random() < 0.02:
            return f"once-{self.chance.integers(1 << 40)}"
        return f"item-{int(self.items * self.chance.random() ** 2)}"

    def event(self) -> tuple[list[str], str, str, str]:
        """x, y, session and shopper: mostly as sessions go on, sometimes as they should not."""
        session = f"session-{self.chance.integers(40)}"
        shopper = (
            f"shopper-{self.chance.integers(self.shoppers)}" if self.chance.random() < 0.8 else ""
        )
        x = self.held[session]
        if self.chance.random() < 0.15 or len(x) > 70:
            x = self.held[session] = []
        if self.chance.random() < 0.03:
            x = [self.name() for _ in range(int(self.chance.integers(60)))]
        return x, self.name(), session if self.chance.random() < 0.95 else "", shopper

    def learn(self) -> None:
        """One event."""
        x, y, session, shopper = self.event()
        self.now_s += int(self.chance.integers(0, 3_000_000) * (self.chance.random() < 0.01))
        at = {
            "time_s": min(self.now_s, 4_000_000_000),
            "weight": float(self.chance.choice([1, 1, 1, 0.1, 3])),
        }
        if self.kind is BestFit:
            category = (
                f"category-{self.chance.integers(self.categories)}" if self.categories else ""
            )
            who = {"session": session, "shopper": shopper}
            if self.chance.random() < 0.1:
                self.model.learn_rank(x, y, **who)
            self.model.learn_one(x, y, category=category, **who, **at)
        elif self.kind is SessionKNN:
            self.model.learn_one(x, y, session=session, **at)
        else:
            self.model.learn_one(x, y, **at)
        self.took[shopper].add(y)
        self.held[session] = [*x, y]

    def question(self) -> Any:
        """Of a session that runs, or of none."""
        x, _, session, shopper = self.event()
        if self.kind is CoOccurrence:
            return (x, 5), {}
        who = (
            {"session": session, "shopper": shopper}
            if self.kind is BestFit
            else {"session": session}
        )
        return (x, 5), who

    def ask(self) -> None:
        """One question, and whether the answer is one."""
        (x, k), who = self.question()
        for found in self.model.recommend(x, k, **who):
            assert found.item, f"an item without a name: {found}"
            assert 0 <= found.together <= found.of, found
            if found.source == "own":
                assert found.item in self.took[who["shopper"]], f"not {who['shopper']}'s: {found}"
        if self.kind is not SessionKNN:
            assert self.model.proposes(x, **who) == bool(self.model.recommend(x, 1, **who))

    def look_inside(self) -> None:
        """Rings, blocks and scratch."""
        if self.kind is CoOccurrence:
            rows = self.model._pairs.rows
            assert (rows["length"] <= min(self.bounds["row_max"], 1 << 30)).all()
            assert not any(self.model._pairs._scratch[1].tobytes())
            return
        sources = self.model._sources if self.kind is BestFit else None
        index: SessionIndex = sources.index if sources else self.model._index
        heads = [(index.items, SESSIONS_PER_ITEM_MAX)]
        if sources:
            heads.append((sources.shoppers, SHOPPER_ROOM_MAX))
            assert not any(sources.catalogue.votes.tobytes())
            self.look_at_histories(sources)
        sound.check_rings(index.pool[: index.blocks[0]], index.blocks, heads)
        assert not index.similarity.any()
        assert not any(index.votes.tobytes())

    def look_at_histories(self, sources: Sources) -> None:
        """A shopper's ring holds what this shopper took, and nothing else."""
        name = sources.index.names.name
        for number, ring in enumerate(sources.shoppers):
            held = sources.index.pool[sound.held_places(sources.shoppers[number : number + 1])]
            found = {name(item) for item in held.tolist() if item >= 0}
            shopper = sources.names.name(number) if ring["room"] else ""
            assert found <= self.took[shopper], f"not {shopper}'s: {found - self.took[shopper]}"

    def restart(self) -> None:
        """From a snapshot, sometimes under other bounds, if it fits into them."""
        args, who = self.question()
        before = self.model.recommend(*args, **who)
        again = type(self.model).from_bytes(self.model.to_bytes())
        assert before == again.recommend(*args, **who)
        bounds = self.bounds if self.chance.random() < 0.5 else self._bounds()
        other = self.kind(**bounds)
        try:
            other.restore(self.model.state())
        except SnapshotError:
            assert bounds != self.bounds
            self.model = again
            return
        self.model, self.bounds = other, bounds
