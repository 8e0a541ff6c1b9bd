"""What the looks at a worker come to, and what is said of them: on figures that are made up."""

from typing import Any

import pytest

from streams.contract.settings import Settings
from streams.lab.chaos.endurance.soak import Look, _rate, nothing_else, sizes_beside, summary
from streams.lab.chaos.endurance.soak_report import section


def looks(*, slope_mb_per_min: float = 0.0, lag_s: float | None = 0.2) -> list[Look]:
    """An hour: memory grows in the first half, and then by so much a minute."""
    return [
        Look(
            minute=float(minute),
            answered=6_000 * minute,
            memory_mb=500.0 + min(minute, 30) * 20 + max(0, minute - 30) * slope_mb_per_min,
            cpu_s=30.0 * minute,
            lag_events=40,
            lag_s=lag_s,
        )
        for minute in range(61)
    ]


def figures(**of_looks: Any) -> dict[str, Any]:
    """Those of a whole run."""
    seen = looks(**of_looks)
    return {
        "minutes": 60.0,
        "rate_events_per_s": 5_000,
        "fed_events_per_s": 3_500,
        "events": 1,
        "prompts": 1,
        "checkpoints": 1,
        "gaps": 0,
        "dead_letters": 0,
        **summary(seen),
        "grown_mb": 100.0,
        "sizes_mb": 95.0,
        "sizes_agree": True,
        "looks": [look._asdict() for look in seen],
    }


def test_the_warm_up_does_not_count_as_growth() -> None:
    """The first half fills what is bounded."""
    assert 0.0 == summary(looks())["slope_mb_per_min"]
    assert {"start": 500.0, "warm": 1_100.0, "end": 1_100.0} == summary(looks())["memory_mb"]


@pytest.mark.parametrize(
    ("of_looks", "missed"),
    [
        ({}, 0),
        ({"slope_mb_per_min": 1.5}, 1),
        ({"lag_s": 2.0}, 1),
        ({"lag_s": None}, 1),
        ({"slope_mb_per_min": 1.5, "lag_s": 2.0}, 2),
    ],
)
def test_a_leak_and_a_lag_are_said_loudly(of_looks: dict[str, Any], missed: int) -> None:
    """A lag that nobody could read is none that was reached."""
    assert missed == "\n".join(section(figures(**of_looks))).count("MISSED")


def test_the_rate_is_that_of_the_flood_s_second_half() -> None:
    """Events by the second: 6,000 a minute."""
    assert 100.0 == _rate(looks())


def test_a_gap_or_a_dead_letter_is_none_that_held() -> None:
    """Whatever else went well."""
    assert nothing_else(figures())
    assert not nothing_else(figures() | {"gaps": 3})
    assert not nothing_else(figures() | {"dead_letters": 1})


def test_memory_that_grows_beside_the_tables_is_said() -> None:
    """Sizes and memory agree within a fifth, or somebody has to look why."""
    seen, before, after = looks(), {"sessions": 10}, {"sessions": 231_000, "other": 7}
    agreeing = sizes_beside(seen, before, after, Settings())
    leaking = sizes_beside(seen, before, {"sessions": 150_000}, Settings())

    assert agreeing["sizes_agree"]
    assert not leaking["sizes_agree"]
    assert 600.0 == leaking["grown_mb"]
    assert any("MISSED: memory grew" in line for line in section(figures() | leaking))


@pytest.mark.parametrize(
    ("part", "agree"), [(1.19, True), (1.22, False), (0.82, True), (0.78, False)]
)
def test_memory_may_grow_by_a_fifth_more_or_less_than_the_sizes_say(
    part: float, *, agree: bool
) -> None:
    """An operator reckons with the sizes: 125 MB where they say 100 is a miss."""
    none, sessions = {"sessions": 0}, {"sessions": 50_000}
    sizes_mb = sizes_beside(looks(), none, sessions, Settings())["sizes_mb"]
    first, last = looks()[0], looks()[-1]
    seen = [first, last._replace(memory_mb=first.memory_mb + part * sizes_mb)]
    found = sizes_beside(seen, none, sessions, Settings())
    (line,) = [line for line in section(figures() | found) if "memory grew" in line]

    assert agree == found["sizes_agree"]
    assert line.startswith("- reached" if agree else "- MISSED")
    assert f"wanted within a fifth of the {sizes_mb} that `goeswith sizes` says" in line
