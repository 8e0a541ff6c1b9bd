"""The drift alarm: River's ADWIN for each arm."""

import random
from typing import Any

import pytest
from river.drift import ADWIN

from models.evaluation.drift import Drift, DriftAlarm


def test_an_alarm_is_raised_when_rivers_adwin_raises_it() -> None:
    """The same windows, alarm by alarm, over three levels of a noisy reward."""
    rng, alarm = random.Random(3), DriftAlarm()
    adwin: Any = ADWIN()  # type: ignore[no-untyped-call]
    raised, expected = [], []
    for n in range(6_000):
        reward = float(rng.random() < (0.05, 0.25, 0.1)[n // 2_000])
        if alarm.outcome("popular", reward, time_s=n):
            raised.append(n)
        adwin.update(reward)
        if adwin.drift_detected:
            expected.append(n)

    assert expected == raised
    assert raised
    assert alarm.seen["popular"].alarms == len(raised)


@pytest.mark.parametrize("length", [3, 7, 20, 50, 300])
def test_its_windows_are_rivers_at_every_step(length: int) -> None:
    """As many outcomes, of the same mean, where rewards jump every so many of them."""
    alarm = DriftAlarm()
    adwin: Any = ADWIN()  # type: ignore[no-untyped-call]
    for n in range(1_200):
        reward = (0.0, 1.0, 0.2)[n // length % 3]
        alarm.outcome("popular", reward, time_s=n)
        adwin.update(reward)
        if not adwin.drift_detected:
            seen = alarm.seen["popular"]
            assert int(adwin.width) == seen.outcomes
            assert adwin.estimation == pytest.approx(seen.mean)


def test_what_does_not_change_raises_no_alarm() -> None:
    """Ten arms, 5,000 outcomes each, seed 8: a bound of .002 a window, and no alarm."""
    rng, alarm = random.Random(8), DriftAlarm()
    for n in range(50_000):
        alarm.outcome(f"arm-{n % 10}", float(rng.random() < 0.08), time_s=n)

    assert 0 == sum(drift.alarms for drift in alarm.seen.values())


def test_more_arms_than_there_is_room_for_are_not_watched() -> None:
    """Memory is bounded."""
    alarm = DriftAlarm(arms_max=2)
    for arm in ("popular", "curated", "buy_again"):
        assert not alarm.outcome(arm, 1.0, time_s=0)

    assert ["curated", "popular"] == list(alarm.seen)


def test_what_is_seen_of_an_arm_is_its_window() -> None:
    """How many outcomes, their mean, and when it was that they changed."""
    alarm = DriftAlarm()
    for reward in (1.0, 0.0, 0.5):
        assert not alarm.outcome("popular", reward, time_s=7)
    assert Drift(3, 0.5, 0, None) == alarm.seen["popular"]

    raised = [
        n for n in range(3_000) if alarm.outcome("curated", float(n // 1_000 % 2), time_s=n + 0.5)
    ]
    assert 2 == len(raised)
    assert (2, raised[-1] + 0.5) == alarm.seen["curated"][2:]
    assert Drift(3, 0.5, 0, None) == alarm.seen["popular"]


def test_the_outcome_that_raises_an_alarm_begins_a_window_without_any() -> None:
    """Nothing is in it: its mean is none."""
    alarm = DriftAlarm()
    raised = next(n for n in range(3_000) if alarm.outcome("curated", float(n > 1_000), time_s=n))

    assert Drift(0, 0.0, 1, raised) == alarm.seen["curated"]
