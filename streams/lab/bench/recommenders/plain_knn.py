"""Session kNN as its authors' frameworks have it, in plain Python: the peer to beat.

VMIS-kNN (Kersbergen, Sprangers and Schelter: Serenade. SIGMOD 2022), the indexed form of V-SKNN
(Ludewig and Jannach 2018): the most similar of the latest sessions that share an item vote for
their items. Published for Diginetica, frozen: HR@20 .5203, MRR@20 .1841 (V-SKNN).

River's own recommenders (`river.reco`) are no peers here: they predict what a user would rate an
item, know neither sessions nor an order, and would have to rate the whole catalogue for a list.
"""

import math
import sys
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from heapq import nlargest, nsmallest

from streams.lab.evaluate.logs.sessions import Moment
from streams.lab.evaluate.models import EvaluatedModel

SESSIONS_AN_ITEM = 500
NEIGHBOURS = 100
LAST_ITEMS = 9


class PlainSessionKnn:
    """VMIS-kNN over lists and dictionaries; it keeps all sessions. Nothing of it is tuned here.

    Parameters
    ----------
    current
        Whether the item that the shopper is looking at may be offered: in session-rec it is, in
        Serenade not. Some logs have no item twice in a row; in others it is the best guess.
    """

    learns_rank = False

    def __init__(self, *, current: bool = True) -> None:
        self.current = current
        self._sessions: list[list[str]] = []
        self._number: dict[str, int] = {}
        self._in: defaultdict[str, int] = defaultdict(int)
        self._latest: defaultdict[str, deque[int]] = defaultdict(
            lambda: deque(maxlen=SESSIONS_AN_ITEM)
        )

    @property
    def bytes(self) -> int:
        """Lists and dictionaries, without the ids, which the log holds as well."""
        held = [*self._sessions, *self._latest.values(), self._sessions, self._number]
        return sum(map(sys.getsizeof, held))

    def learn(self, moment: Moment, y: str, category: str) -> None:
        """Put the item into its session, and the session into the item's list of sessions."""
        number = self._number.setdefault(moment.session_id, len(self._sessions))
        if number == len(self._sessions):
            self._sessions.append([])
        if y not in self._sessions[number]:
            self._latest[y].append(number)
            self._in[y] += 1
        self._sessions[number].append(y)

    def offer(self, moment: Moment, k: int) -> list[str]:
        """The items of similar sessions, the rarer the better; equals by id."""
        x = moment.x[-LAST_ITEMS:]
        place = {item: n for n, item in enumerate(x, start=1)}
        similar = self._similar(place, len(x), self._number.get(moment.session_id))
        neighbours = nlargest(NEIGHBOURS, similar, key=lambda number: (similar[number], number))
        votes: defaultdict[str, float] = defaultdict(float)
        for number in neighbours:
            items = self._sessions[number]
            latest = max(place.get(item, 0) for item in items)
            vote = max(0.0, 1.0 - 0.1 * (len(x) - latest)) * similar[number]
            for item in set(items):
                votes[item] += vote
        if not self.current:
            votes.pop(moment.x[-1], None)
        return self._best(votes, k)

    def _similar(
        self, place: dict[str, int], length: int, own: int | None
    ) -> defaultdict[int, float]:
        """Sessions that share items, later ones counting more; its own is no neighbour."""
        similar: defaultdict[int, float] = defaultdict(float)
        for item, at in place.items():
            for number in self._latest.get(item, ()):
                similar[number] += at / length
        if own is not None:
            similar.pop(own, None)
        return similar

    def _best(self, votes: dict[str, float], k: int) -> list[str]:
        sessions = len(self._sessions)
        scored = (
            (-vote * (1.0 + math.log(sessions / self._in[item])), item)
            for item, vote in votes.items()
        )
        return [item for _, item in nsmallest(k, scored)]

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Nothing: its ranking is fixed."""


PEERS: dict[str, Callable[[], EvaluatedModel]] = {
    "vmis_knn": PlainSessionKnn,
    "vmis_knn_not_current": partial(PlainSessionKnn, current=False),
}
"""By their names in reports; ratios are to the first."""
PEER = next(iter(PEERS))
