"""Session kNN (VMIS-kNN): nearest neighbours among the latest sessions vote for what they held."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from models.limits import at_least_one
from models.recommenders.recommender import NOTHING, Candidate, Recommender
from models.recommenders.session_index import neighbours
from models.recommenders.session_index.session_index import (
    CONTEXT_MAX,
    NEIGHBOURS_MAX,
    NUMBERS_MAX,
    SESSIONS_PER_ITEM_MAX,
    SessionIndex,
)

FADING_S = 365 * 86_400.0
"""Time does not fade here: the ring of sessions does."""


class SessionKNN(Recommender):
    """VMIS-kNN, learned event by event.

    A session is found again by its name, and is never its own neighbour. Without names, an event
    belongs to the latest session if that ended with the last item of `x`.

    A candidate's evidence is how many of the neighbours held it.

    Parameters
    ----------
    neighbours
        How many similar sessions vote.
    sessions_per_item
        How many of the latest sessions with an item are looked at.
    last_items
        How many of the last items of a session look for neighbours.
    items_max
        Items known; then the sixteenth that was seen longest ago is forgotten.
    sessions_max
        Sessions kept, the latest.

    Examples
    --------
    >>> knn = SessionKNN()
    >>> for session in (["bread", "butter"], ["bread", "butter", "jam"], ["beer", "crisps"]):
    ...     for place, item in enumerate(session):
    ...         knn.learn_one(session[:place], item, time_s=1_767_225_600)
    >>> best, *_ = knn.recommend(["bread"], 3, exclude={"bread"})
    >>> f"{best.item}: held by {best.together} of {best.of} sessions like this one"
    'butter: held by 2 of 2 sessions like this one'

    References
    ----------
    Kersbergen, Sprangers and Schelter: Serenade. SIGMOD 2022.
    """

    COMMUTES: ClassVar[bool] = False

    def __init__(
        self,
        neighbours: int = 100,
        sessions_per_item: int = 500,
        last_items: int = 9,
        items_max: int = 100_000,
        sessions_max: int = 400_000,
    ) -> None:
        super().__init__(FADING_S)
        at_least_one(neighbours=neighbours, sessions_per_item=sessions_per_item)
        at_least_one(last_items=last_items)
        self.neighbours = neighbours
        self.sessions_per_item = sessions_per_item
        self.last_items = last_items
        self.items_max = items_max
        self.sessions_max = sessions_max
        self._index = SessionIndex(items_max, sessions_max)

    def learn_one(
        self,
        x: Sequence[str],
        y: str,
        *,
        time_s: float,
        weight: float = 1.0,
        session: str = "",
        shopper: str = "",
    ) -> None:
        """`y` enters the session that held `x` so far. All events weigh the same."""
        self._weighed(time_s, weight)
        index = self._index
        if index.crowded(y):
            index.forget()
        item = index.item(y)
        number = index.continued(x, session)
        if number < 0 and index.begun >= NUMBERS_MAX:
            index.renumber()
        index.enter(item, number if number >= 0 else index.begin(x, session))

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
        session: str = "",
        shopper: str = "",
    ) -> list[Candidate]:
        """What sessions like `x` held, the items of `x` included unless excluded."""
        if k <= 0 or not x:
            return []
        index, name = self._index, self._index.names.name
        index.look(x)  # strangers are lent blank rows, which no neighbour holds
        number, kept = neighbours.recommend(
            index.items, index.pool, index.sessions, index.votes, index.similarity, index.found,
            index.active, index.keys, index.held, index.heap, index.context,
            min(len(x), CONTEXT_MAX), index.begun, index.sessions_max, index.own(x, session),
            min(self.last_items, CONTEXT_MAX), min(self.sessions_per_item, SESSIONS_PER_ITEM_MAX),
            min(self.neighbours, NEIGHBOURS_MAX),
        )  # fmt: skip
        found = zip(
            index.active[:number].tolist(),
            index.keys[:number].tolist(),
            index.held[:number].tolist(),
            strict=True,
        )
        order = sorted((-score, name(item), held) for item, score, held in found if score > 0.0)
        candidates = (
            Candidate(item, -negative, held, kept, source="knn")
            for negative, item, held in order
            if item not in exclude
        )
        return [one for one, _ in zip(candidates, range(k), strict=False)]

    @property
    def _raw_memory_usage(self) -> int:
        return self._index.bytes

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles hold what snapshots do, and no scratch."""
        return self.state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).__init__(self, **state["params"])
        self._restore(state)

    def state(self) -> dict[str, Any]:
        """The index."""
        return {"params": self._get_params(), "index": self._index.state()}

    def _restore(self, state: dict[str, Any]) -> None:
        index = SessionIndex(self.items_max, self.sessions_max)
        index.restore(state["index"], state["params"])
        index.renumber()
        self._index = index
