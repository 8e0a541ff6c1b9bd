"""Each element of a session's state is what the fold can go on with, or the state is refused."""

import json
from typing import Any

import pytest

from models import SnapshotError
from streams.shop.memory.sessions import Sessions
from tests.leaves import leaf, replaced
from tests.shop.memory import test_restored_sessions
from tests.shop.memory.test_restored_sessions import woken

STATE = replaced(test_restored_sessions.STATE, (1, 0, 7), [["bread", 7]])
"""Somebody whom nobody knew had bought before."""
IMPRESSION = (1, 0, 12, 0)
"""The way to the session's first impression: its receipt, and the stages that it reached."""
REMOVED = (1, 0, 16, 0)
"""The way to an item that was taken out: when last, and how many too many."""
FORGOTTEN = (1, 0, 18)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*IMPRESSION, 1, 0, 1), 7),
        ((*IMPRESSION, 1, 1, 4), 7),
        ((*IMPRESSION, 0, 8), leaf(STATE, (*IMPRESSION, 0, 8)) + 0.5),
        ((*IMPRESSION, 0, 8), "soon"),
        ((1, 0, 7, 0, 1), -1),
        ((1, 0, 8), 1),
        ((1, 0, 8), "yes"),
        ((*REMOVED, 1), -1),
        ((*REMOVED, 2), -1),
        ((1, 0, 17, 0, 0), 7),
        ((1, 0, 17, 0, 1), 7),
        ((*FORGOTTEN, 0), -1),
        ((*FORGOTTEN, 1), 7),
    ],
)
def test_what_no_fold_has_left_behind_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """Times and numbers below nothing, and values of another type."""
    with pytest.raises(SnapshotError, match="no state of SessionsByPartition"):
        woken(replaced(STATE, path, value))


@pytest.mark.parametrize("path", [(1, 0, 7, 0, 1), (*REMOVED, 1), (*REMOVED, 2), (*FORGOTTEN, 0)])
def test_nothing_and_1970_are_sound(path: tuple[Any, ...]) -> None:
    """The least that there is."""
    state = woken(replaced(STATE, path, 0)).parts()["sessions"].state()

    assert 0 == leaf(json.loads(json.dumps(state))["0"], path)


def test_a_partition_without_events_can_be_restored() -> None:
    """Its watermark is the beginning of time, and nothing has had to leave."""
    fresh = Sessions(gap_s=1.0, basket_ttl_s=1.0, sessions_max=1)
    state = fresh.state()
    fresh.restore(json.loads(json.dumps(state)))

    assert [0, []] == state == fresh.state()
    assert not fresh.forgot
