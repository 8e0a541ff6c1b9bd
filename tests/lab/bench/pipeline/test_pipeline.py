"""A small run of the whole benchmark: no ratios, they belong to a machine at rest."""

import asyncio
from typing import Any

from streams.lab.bench.pipeline.pipeline import measure
from streams.lab.bench.pipeline.pipeline_report import title

FEW: dict[str, Any] = {"seconds": 1.0, "warm_up_s": 1.0, "rounds": 1, "say": lambda _: None}
"""Enough to be complete, too little to be a figure."""


def test_a_benchmark_measures_everything_and_is_exact(kafka: str) -> None:
    """The state equals an offline fold, no prompt is lost, and every figure is there."""
    figures = asyncio.run(measure(kafka, events=2_000, **FEW))

    assert {"stock", "naive", "goeswith", "goeswith_fold"} == set(figures["cpu_us"])
    assert {"stock", "goeswith"} == set(figures["latency_ms"])
    assert {"p50", "p99"} == set(figures["latency_ms"]["goeswith"])
    assert all(
        taken_ms > 0 for each in figures["latency_ms"].values() for taken_ms in each.values()
    )
    assert figures["fold_us"] > 0
    assert {"without", "with"} == set(figures["decide_us"])
    assert figures["exact"], figures
    assert (0, 0) == (figures["lost"], figures["unknown"])


def test_with_a_catalogue_and_three_slots_each_event_has_several_prompts(kafka: str) -> None:
    """Worker and catalogue are ready before the first event; the rest is as it was."""
    figures = asyncio.run(measure(kafka, events=2_000, catalog=300, slots=3, **FEW))

    assert figures["exact"], figures
    assert figures["prompts"] > 2 * 2_000
    assert (300, 3) == (figures["catalog"], figures["slots"])
    assert "Pipeline, 300 items, 3 slots" == title(figures)
