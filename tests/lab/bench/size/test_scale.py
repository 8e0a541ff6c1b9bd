"""What more workers cost and bring: the arithmetic on made-up figures, and one small run."""

import asyncio
import os
from typing import Any

import pytest

from streams.lab.bench.size.scale import Memory, ScaleRun, figures, measure, memory, predicted_per_s
from streams.lab.bench.size.scale_report import section

ALONE = ScaleRun(10.0, [8.0], [Memory(150.0, 120.0)], lost=0, repeats=0)
PAIR = ScaleRun(8.0, [5.0, 4.0], [Memory(152.0, 121.0), Memory(149.0, 124.0)], lost=0, repeats=2)
"""40,000 events at 20 µs of folding: one spends 200 µs an event, and two should spend 110 each."""


def found(**more: Any) -> dict[str, Any]:
    """The figures of one worker and of two, of which the second run may be other."""
    return figures(40_000, 20.0, {1: ALONE, 2: PAIR._replace(**more)})


def test_what_one_worker_does_besides_folding_is_deciding() -> None:
    """200 µs in all, 20 of them folding."""
    assert found()["decide_us"] == 180.0
    assert found()["ceiling_per_s"] == 50_000


def test_the_busiest_worker_says_how_fast_all_would_be_on_cores_of_their_own() -> None:
    """It has spent 5 s; how long both took on this machine is another figure."""
    of = found()["workers"]["2"]

    assert of["cpu_us"] == 225.0
    assert of["cpu_us_each"] == [125.0, 100.0]
    assert (of["cpu_per_s"], of["wall_per_s"]) == (8_000, 5_000)
    assert of["predicted_per_s"] == round(1e6 / 110)
    assert (of["resident_mb"], of["unique_mb"]) == (152.0, 124.0)


def test_one_worker_is_predicted_exactly() -> None:
    """The prediction is made of its own figure."""
    of = found()["workers"]["1"]

    assert of["predicted_per_s"] == of["cpu_per_s"] == 5_000


@pytest.mark.parametrize("workers", [1, 4, 1_000_000])
def test_no_number_of_workers_gets_beyond_the_fold_ceiling(workers: int) -> None:
    """Each one folds everything."""
    assert predicted_per_s(20.0, 180.0, workers) < 50_000
    assert predicted_per_s(20.0, 180.0, workers) < predicted_per_s(20.0, 180.0, 2 * workers)


def test_what_was_missed_is_said() -> None:
    """A prompt that is lost, and a crew that is slower than its shares explain."""
    lines = section(found(lost=1, cpu_s=[8.0, 1.0]))

    assert "| 2 | 225.0 | 25.0 to 200.0 | 5,000 | 5,000 | 9,091 | 152 | 124 |" in lines
    assert "- reached: prompts lost, N = 1: 0, wanted at most 0" in lines
    assert "- MISSED: prompts lost, N = 2: 1, wanted at most 0" in lines
    assert "- MISSED: on own cores, of 1/(f + d/N), N = 2: 0.55, wanted at least 0.8" in lines


def test_a_process_holds_more_than_nobody_else_does() -> None:
    """Resident memory counts the libraries that others have mapped, too."""
    held = memory(os.getpid())

    assert 0 < held.unique_mb <= held.resident_mb


def test_workers_that_join_answer_everything_together(kafka: str) -> None:
    """A small run on a real broker: nothing is lost, and every figure is there."""
    small = asyncio.run(measure(kafka, events=1_000, say=lambda _: None, numbers=(1, 2)))

    assert list(small["workers"]) == ["1", "2"]
    for number, of in small["workers"].items():
        assert of["lost"] == 0, small
        assert len(of["cpu_us_each"]) == int(number)
        assert of["wall_per_s"] > 0
        assert of["cpu_per_s"] > 0
    assert small["fold_us"] > 0
