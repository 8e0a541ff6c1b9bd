"""A log to judge models on without a file: real grocery baskets, one item of each hidden."""

from itertools import islice

from streams.lab.evaluate.logs.sessions import LoggedSession, SessionLog
from streams.lab.replay.baskets import Basket, baskets, completejourney

TRAIN_BASKETS = 20_000
DATA_BASKETS = 2_000


def groceries(limit: int | None = None) -> SessionLog:
    """The first baskets of Complete Journey in time, in an order drawn with a fixed seed.

    The last item of a basket is the one hidden. Raises `MissingExtra`.
    """
    judged = min(limit or DATA_BASKETS, DATA_BASKETS)
    bought = islice(baskets(completejourney()), TRAIN_BASKETS + judged)
    sessions = [hidden(basket) for basket in bought]
    return SessionLog(sessions[:TRAIN_BASKETS], sessions[TRAIN_BASKETS:])


def hidden(basket: Basket) -> LoggedSession:
    """The basket as a session, of which the last item alone is an example."""
    categories = {line.item_id: line.category or "" for line in basket.lines}
    items = tuple(categories)
    times_s = (basket.time_ms / 1000,) * len(items)
    judged_from = max(1, len(items) - 1)
    who, visit = basket.shopper_id, basket.session_id
    return LoggedSession(items, times_s, who, visit, judged_from, tuple(categories.values()))
