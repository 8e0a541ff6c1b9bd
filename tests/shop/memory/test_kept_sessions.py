"""The sessions of a partition as they are kept: their times, and what is refused."""

import json
from typing import Any

import pytest

from streams.shop.memory.session import VERSION
from streams.shop.memory.sessions import Sessions, session_of
from tests.stories import NOON_MS, Story, received


def sessions() -> Sessions:
    """None yet."""
    return Sessions(gap_s=1_800.0, basket_ttl_s=86_400.0, sessions_max=9)


def again(kept: Sessions) -> Sessions:
    """Those that go on from what a checkpoint holds."""
    restored = sessions()
    restored.restore(json.loads(json.dumps(kept.state())))
    return restored


@pytest.mark.parametrize("delay_s", [0.0, 60.0])
def test_when_the_broker_got_an_event_and_when_it_happened_are_kept_apart(delay_s: float) -> None:
    """What is late goes by the one, what expires by the other."""
    kept = sessions()
    kept.of(received(Story().view("bread"), delay_s=delay_s))
    restored = again(kept)

    late_ms = round(1_000 * delay_s)
    assert (NOON_MS + 1_000 + late_ms, NOON_MS + 1_000) == (
        *(restored.watermark_ms, restored.latest_ms),
    )
    assert kept.state() == restored.state()


@pytest.mark.parametrize("version", [0, VERSION + 1, -1, None, "1"])
def test_a_session_of_another_version_is_refused_by_its_version(version: Any) -> None:
    """A later one may mean something else by the same fields."""
    state = json.loads(json.dumps(sessions().of(Story().view("bread")).state()))
    assert state == json.loads(json.dumps(session_of(state).state()))

    with pytest.raises(ValueError, match="a session of version"):
        session_of([*state[:13], version, *state[14:]])


@pytest.mark.parametrize("orders", [[["o-1", 7]], [[7, "e1"]], [["o-1", None]], "o", 7])
def test_orders_of_a_session_that_are_none_are_refused(orders: Any) -> None:
    """A number, and the event that brought it."""
    state = json.loads(json.dumps(sessions().of(Story().view("bread")).state()))

    with pytest.raises((TypeError, ValueError)):
        session_of([*state[:17], orders, *state[18:]])
