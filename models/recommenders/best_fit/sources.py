"""The sources of `BestFit`, learned together and asked together.

Session kNN, co-occurrence, next items, the session itself, the shopper's own history and
popularity share one set of arrays. Here they are held, grown, bounded, asked and written down; what
is done with them is in `models.recommenders.best_fit.counts.learning`,
`models.recommenders.best_fit.candidates` and `models.recommenders.best_fit.explanation`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from models.recommenders.best_fit import candidates, explanation, features
from models.recommenders.best_fit.categories.category_index import Catalogue
from models.recommenders.best_fit.counts import learning, trending
from models.recommenders.session_index import sound
from models.recommenders.session_index.interning import Interner
from models.recommenders.session_index.records import (
    CLOCK,
    GONE,
    NEXT_MAX,
    NOBODY,
    PAIR,
    PARTNERS_MAX,
    POPULAR_MAX,
    SHOPPER,
    blank,
    grown,
)
from models.recommenders.session_index.rings import Ints, Records
from models.recommenders.session_index.session_index import (
    CONTEXT_MAX,
    NUMBERS_MAX,
    POOL_SPARE,
    SESSIONS_PER_ITEM_MAX,
    SessionIndex,
)
from models.snapshot import arrays


class Sources:
    """All sources, by item and session.

    Parameters
    ----------
    items_max, sessions_max
        As of `SessionIndex`.
    shoppers_max
        Shoppers whose history is kept; then the sixteenth seen longest ago is forgotten.
    """

    def __init__(self, items_max: int, sessions_max: int, shoppers_max: int) -> None:
        self.index = SessionIndex(items_max, sessions_max, shoppers_max)
        self.names = Interner(shoppers_max)
        self.partners = blank(CONTEXT_MAX, PAIR, PARTNERS_MAX)
        self.nexts = blank(CONTEXT_MAX, PAIR, NEXT_MAX)
        self.shoppers = blank(0, SHOPPER)
        self.popular = np.full(POPULAR_MAX, NOBODY, np.int32)
        self.clock = np.ones(1, CLOCK)
        self.chosen = np.zeros(candidates.CANDIDATES_MAX, np.int32)
        self.xs = np.zeros((candidates.CANDIDATES_MAX, features.WIDTH))
        self.strangers: list[str] = []
        self.catalogue = Catalogue()
        self.learned = 0
        self._asked: object = None
        self._count = 0

    def learn(
        self,
        x: Sequence[str],
        y: str,
        weight: float,
        session: str,
        shopper: str,
        category: str = "",
    ) -> None:
        """`y`, of this category if that is told, came after `x`."""
        index = self.index
        self.learned += 1
        if index.begun >= NUMBERS_MAX:
            self.renumber()
        item = index.names.find(y)
        if item is None:
            item = self._admit(y)
        else:
            index.names.touch(y)
        who = self._shopper(shopper) if shopper else NOBODY
        number = index.continued(x, session)
        fresh = number < 0
        if fresh:
            number = index.begin(x, session)
        slot = number % index.sessions_max
        self.catalogue.learn(index.items, index.sessions[slot], item, category, weight, number)
        used = learning.learn(
            index.items, index.pool, index.blocks, index.sessions, self.partners, self.nexts,
            self.shoppers, self.popular, self.clock, item, slot, number, fresh, who, weight,
            SESSIONS_PER_ITEM_MAX, index.pool_max,
        )  # fmt: skip
        if used + POOL_SPARE > len(index.pool):
            index.make_room()

    def renumber(self) -> None:
        """Number sessions anew, once there are too many (`SessionIndex.renumber`)."""
        if less := self.index.renumber():
            learning.renumber(self.shoppers, self.index.pool, less)

    def _admit(self, name: str) -> int:
        """The number of a new item."""
        if self.index.names.full:
            self._forget_items()
        item = self.index.item(name)
        if len(self.index.items) > len(self.partners):
            self._resize()
        return item

    def _resize(self) -> None:
        limit = self.index.names.size_max + CONTEXT_MAX
        self.partners = grown(self.partners, len(self.index.items), limit)
        self.nexts = grown(self.nexts, len(self.index.items), limit)

    def _forget_items(self) -> None:
        index = self.index
        gone = index.forget()
        learning.forget(
            index.items, index.pool, self.partners, self.nexts, self.shoppers, self.popular, gone
        )
        self.catalogue.forget(gone)

    def _shopper(self, name: str) -> int:
        """The number of a shopper, seen just now."""
        number = self.names.find(name)
        if number is not None:
            self.names.touch(name)
            return number
        if self.names.full:
            gone = np.array(self.names.forget(), np.int32)
            learning.forget_shoppers(self.shoppers, self.index.pool, self.index.blocks, gone)
        number = self.names.add(name)
        if number >= len(self.shoppers):
            self.shoppers = grown(self.shoppers, number + 1, self.names.size_max)
        return number

    def forget_shopper(self, name: str) -> None:
        """Drop the ring of a shopper, and the name."""
        if (number := self.names.remove(name)) is not None:
            gone = np.array([number], np.int32)
            learning.forget_shoppers(self.shoppers, self.index.pool, self.index.blocks, gone)
            self._asked = None

    def propose(self, x: Sequence[str], session: str, shopper: str) -> int:
        """Fill `chosen` and `xs` with the candidates; how many. Asked twice, done once."""
        asked = self.learned, session, shopper, list(x)
        if asked != self._asked:
            index = self.index
            self.strangers = index.look(x)
            n, own, best = min(len(x), CONTEXT_MAX), index.own(x, session), self.popular
            if not self.catalogue.is_empty:
                more = self.catalogue.suggest(index.items, index.context, n, own >= 0)
                best = np.concatenate([best, more])
            self._count = candidates.propose(
                index.items, index.pool, index.sessions, self.partners, self.nexts, self.shoppers,
                best, self.clock, index.votes, index.similarity, index.found,
                index.active, index.heap, index.keys, index.context, self.chosen, self.xs,
                n, index.begun, index.sessions_max, own, self._known(shopper),
            )  # fmt: skip
            if not self.catalogue.is_empty:
                last = int(index.context[n - 1]) if n else NOBODY
                self.catalogue.describe(index.items, last, self.chosen, self._count, self.xs)
            self._asked = asked
        return self._count

    def _known(self, shopper: str) -> int:
        number = self.names.find(shopper) if shopper else None
        return NOBODY if number is None else number

    def name(self, item: int) -> str:
        """The name of a candidate, in answer to the latest question."""
        lent = item - self.index.blank_from
        return self.strangers[lent] if lent >= 0 else self.index.names.name(item)

    def names_of(self, items: Iterable[int]) -> list[str]:
        """The names of many."""
        name, lent_from, strangers = self.index.names.name, self.index.blank_from, self.strangers
        return [name(i) if i < lent_from else strangers[i - lent_from] for i in items]

    def explain(self, x: Sequence[str], shown: list[int], shopper: str) -> Ints:
        """Source, place of the anchor in `x` (or -1), met and of: a row for each that is shown."""
        index = self.index
        out = np.zeros((len(shown), 4), np.int32)
        n = min(len(x), CONTEXT_MAX)
        explanation.explain(
            index.items, index.pool, self.partners, self.shoppers, index.similarity,
            index.context, self.chosen, self.xs, np.array(shown, np.int32), out, self._count, n,
            index.begun, index.sessions_max, self._known(shopper),
        )  # fmt: skip
        out[out[:, explanation.ANCHOR] >= 0, explanation.ANCHOR] += len(x) - n
        return out

    @property
    def bytes(self) -> int:
        """Of all arrays and names."""
        held = sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))
        return held + self.index.bytes + self.names.bytes + self.catalogue.bytes

    def state(self) -> dict[str, Any]:
        """All but scratch, and no more of the arrays than is used."""
        used = self.index.names.used
        return {
            "index": self.index.state(),
            "shopper_names": self.names.state(),
            "partners": arrays.written(self.partners[:used]),
            "nexts": arrays.written(self.nexts[:used]),
            "shoppers": arrays.written(self.shoppers[: self.names.used]),
            "popular": self.popular.tolist(),
            "clock": arrays.written(self.clock),
            "catalogue": self.catalogue.state(),
        }

    def restore(self, state: dict[str, Any], was: dict[str, Any]) -> None:
        """Take over what `state` returned, in new sources; `was` are the bounds that it was under.

        Raises `ValueError` when it does not hold together: a compiled loop would look where its
        numbers point.
        """
        names = Interner.from_state(self.names.size_max, state["shopper_names"])
        shoppers = arrays.read(state["shoppers"], SHOPPER)
        if len(shoppers) != names.used:
            raise ValueError(f"{len(shoppers)} rings of {names.used} shoppers")
        self.index.restore(state["index"], was, [(shoppers, learning.SHOPPER_ROOM_MAX)])
        self.catalogue.restore(state["catalogue"])
        if "rings" not in state["index"]:
            self._mend(shoppers)
        self.names, self.shoppers = names, shoppers
        self._take_over(state)
        self.renumber()

    def _mend(self, shoppers: Records) -> None:
        """Numbers that ran over, or are of others: rings of before may have them."""
        pool, held = self.index.pool, sound.held_places(shoppers)
        true = (pool[held] < self.index.names.used) & (pool[held] > GONE - 1 - self.index.begun)
        pool[held] = np.where(true, pool[held], GONE)

    def _take_over(self, state: dict[str, Any]) -> None:
        used, index = self.index.names.used, self.index
        partners = arrays.read(state["partners"], PAIR, PARTNERS_MAX)
        nexts = arrays.read(state["nexts"], PAIR, NEXT_MAX)
        best, clock = np.array(state["popular"], np.int32), arrays.read(state["clock"], CLOCK)
        taken = index.pool[sound.held_places(self.shoppers)]
        fits = (
            len(partners) == len(nexts) == used
            and best.shape == (POPULAR_MAX,)
            and len(clock) == 1
            and sound.all_within(clock["slow"], 1.0, trending.WEIGHT_MAX)
            and sound.all_within(clock["fast"], 1.0, trending.WEIGHT_MAX)
            and sound.all_within(partners["item"], NOBODY, used - 1)
            and sound.all_within(nexts["item"], NOBODY, used - 1)
            and sound.all_within(best, NOBODY, used - 1)
            and sound.are_weights(partners["weight"], nexts["weight"])
            and sound.all_within(index.items["category"], 0, len(self.catalogue.numbers))
            and sound.all_within(self.catalogue.sellers["item"], NOBODY, used - 1)
            and sound.all_within(taken, GONE - index.begun, used - 1)
        )
        if not fits:
            raise ValueError("sources whose parts do not fit together")
        self._resize()
        self.partners[:used], self.nexts[:used] = partners, nexts
        self.popular, self.clock = best, clock
        self._asked = None  # what was proposed before is of another state
