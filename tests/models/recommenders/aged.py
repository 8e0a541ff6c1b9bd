"""Models that have lived long: as if millions of sessions had begun before what they know."""

import math
from typing import Any

import numpy as np

from models import BestFit, SessionKNN
from models.recommenders.session_index import sound
from models.recommenders.session_index.records import GONE, ITEM, SHOPPER
from models.snapshot import arrays

Sessions = BestFit | SessionKNN


def aged(model: Sessions, sessions: int, count: int = 0) -> Any:
    """The same model after so many more sessions, all of which it has forgotten.

    Their number is rounded up, so that all that is remembered stays in its place. `count` is added
    to what every ring with an item of its own has counted, in whole turns of the ring.
    """
    state = model.state()
    sources = state.get("sources", {})
    index = sources["index"] if sources else state["index"]
    turn = math.lcm(model.sessions_max, max(1, min(index["begun"], model.sessions_max)))
    more = -(-sessions // turn) * turn
    pool, items = arrays.read(index["pool"], np.int32), arrays.read(index["items"], ITEM)
    held = sound.held_places(items)
    pool[held] += np.where(pool[held] == GONE, 0, more).astype(np.int32)
    items["count"] += count // 512 * 512 * (items["count"] >= items["room"]) * (items["room"] > 0)
    if sources:
        shoppers = arrays.read(sources["shoppers"], SHOPPER)
        marks = sound.held_places(shoppers)
        pool[marks] -= np.where(pool[marks] < GONE, more, 0).astype(np.int32)
    index["pool"], index["items"] = arrays.written(pool), arrays.written(items)
    index["begun"] += more
    index["running"] = [[name, number + more] for name, number in index["running"]]
    return type(model).from_state(state)
