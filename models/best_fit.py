"""What fits best: every source proposes, and a ranker that learns online puts in order."""

from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from models import features, learning, proposing, ranker
from models.limits import at_least_one, within
from models.recommender import NOTHING, Candidate, Recommender
from models.session_index import SESSIONS_PER_ITEM_MAX, SessionIndex
from models.interning import Interner
from models.shelves import (CLOCK, NEXT_MAX, NOBODY, PAIR, PARTNERS_MAX, POPULAR_MAX, SHOPPER, blank, grown)

YEAR_S = 365 * 86_400.0


class BestFit(Recommender):
    def __init__(self, items_max=100_000, sessions_max=400_000, shoppers_max=50_000, rate=0.05, memory=1.0, seed=0):
        super().__init__(YEAR_S)
        self.items_max = items_max
        self.sessions_max = sessions_max
        self.shoppers_max = shoppers_max
        self.rate = rate
        self.memory = memory
        self.seed = seed
        self._index = SessionIndex(items_max, sessions_max)
        self._partners = blank(0, PAIR, PARTNERS_MAX)
        self._nexts = blank(0, PAIR, NEXT_MAX)
        self._shopper_names = Interner(shoppers_max)
        self._shoppers = blank(0, SHOPPER)
        self._popular = np.full(POPULAR_MAX, NOBODY, np.int32)
        self._clock = np.ones(1, CLOCK)
        self._weights = ranker.fresh(features.WIDTH, seed)
        self._weights[0, features.KNN] = 4.0
        self._weights[0, features.TOGETHER] = 2.0
        self._slopes = np.zeros(self._weights.shape[1])
        n = proposing.CANDIDATES_MAX
        self._chosen = np.zeros(n, np.int32)
        self._xs = np.zeros((n, features.WIDTH))
        self._inner = np.zeros((n, ranker.HIDDEN))
        self._scores = np.zeros(n)
        self._shares = np.zeros(n)
        self._keys = np.zeros(1 << 14)

    def learn_one(self, x, y, *, time_s, weight=1.0, session="", shopper=""):
        self._weighed(time_s, weight)
        index = self._index
        item = index.item(y)
        if item >= len(self._partners):
            self._partners = grown(self._partners, len(index.items), self.items_max)
            self._nexts = grown(self._nexts, len(index.items), self.items_max)
        number = index.own(x, session)
        fresh = number < 0
        if fresh:
            number = index.begin(x, session)
        who = NOBODY
        used = learning.learn(index.items, index.pool, index.blocks, index.sessions, self._partners, self._nexts,
            self._shoppers, self._popular, self._clock, item, number % self.sessions_max, number, fresh, who, weight,
            SESSIONS_PER_ITEM_MAX, index.pool_max)
        if used + 4096 > len(index.pool):
            index.make_room()

    def _propose(self, x, session, shopper):
        index = self._index
        n = index.look(x)
        own = index.own(x, session)
        who = NOBODY
        return proposing.propose(index.items, index.pool, index.sessions, self._partners, self._nexts, self._shoppers,
            self._popular, self._clock, index.votes, index.similarity, index.found, index.touched, index.heap, self._keys,
            index.context, self._chosen, self._xs, n, index.begun, self.sessions_max, own, who)

    def ranked(self, x, session=""):
        count = self._propose(x, session, "")
        ranker.score(self._xs, count, self._weights, self._inner, self._scores)
        order = np.argsort(-self._scores[:count], kind="stable")
        name = self._index.names.name
        return [name(i) for i in self._chosen[order].tolist()], count

    def recommend(self, x, k, *, exclude=NOTHING, time_s=None, session="", shopper=""):
        return self.ranked(x, session)

    def learn_rank(self, x, y, *, exclude=NOTHING, time_s=None, session="", shopper="", count=None):
        number = self._index.names.find(y)
        if number is None: return False
        if count is None:
            count = self._propose(x, session, shopper)
            ranker.score(self._xs, count, self._weights, self._inner, self._scores)
        at = np.flatnonzero(self._chosen[:count] == number)
        if not len(at): return False
        ranker.shares(self._scores, count, self._shares)
        self._shares[at[0]] -= 1
        ranker.gradient(self._xs, count, self._weights, self._inner, self._shares, self._slopes)
        ranker.step(self._weights, self._slopes, self.rate, self.memory)
        return True

    def state(self): return {}
    def _restore(self, s): pass
