"""Warming up: every compiled loop runs once, so that no shopper waits for a compiler.

The first time that takes a minute; afterwards the code comes from the cache, in a second or two
(see `models.machine_code`). Call it when goeswith is installed, and when a worker starts.
"""

from collections.abc import Iterator

from models import BestFit, CoOccurrence, Recommender, SessionKNN
from models.decay.eras import HALVINGS
from models.recommenders.best_fit.counts import learning
from models.recommenders.best_fit.sources import Sources
from models.recommenders.session_index import neighbours

MONDAY_S = 1_767_225_600.0
SESSIONS = (("bread", "butter", "bread"), ("bread", "jam"), ("milk",), ("bread", "butter", "jam"))


def _events() -> Iterator[tuple[tuple[str, ...], str, str]]:
    for number, session in enumerate(SESSIONS):
        for place, item in enumerate(session):
            yield session[:place], item, f"session-{number}"


def warm(*, ranker: bool = True) -> None:
    """Compile all that is not compiled yet, by learning and asking a little.

    `ranker`: the loops of the learned recommenders, too, which most workers do without.
    """
    pairs = CoOccurrence(items_max=3, row_max=1, lift_z_min=1.0)
    _teach(pairs)
    pairs.proposes(("bread",))
    later = MONDAY_S + (HALVINGS + 1) * pairs.half_life_s  # an era turns
    pairs.learn_one(("bread",), "jam", time_s=later)
    pairs.unlearn_one(("bread",), "jam", time_s=later, begins=False)
    if ranker:
        _warm_ranker()


def _teach(model: Recommender) -> None:
    for x, y, _ in _events():
        model.learn_one(x, y, time_s=MONDAY_S)
        model.recommend((y,), 3)


def _warm_ranker() -> None:
    knn = SessionKNN(items_max=3)
    fit = BestFit(items_max=3, shoppers_max=1)
    for x, y, session in _events():
        fit.learn_rank(x, y, session=session, shopper=session)
        fit.learn_one(x, y, time_s=MONDAY_S, session=session, shopper=session, category=y)
        knn.learn_one(x, y, time_s=MONDAY_S, session=session)
        for model in (fit, knn):
            model.recommend((y,), 3)
    _warm_renumbering(Sources(items_max=3, sessions_max=3, shoppers_max=1))


def _warm_renumbering(sources: Sources) -> None:
    neighbours.renumber(sources.index.items, sources.index.pool, 0)
    learning.renumber(sources.shoppers, sources.index.pool, 0)


if __name__ == "__main__":
    warm()
