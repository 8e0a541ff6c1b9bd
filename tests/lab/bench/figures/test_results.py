"""The sections of RESULTS.md that the benchmarks write."""

from pathlib import Path
from typing import Any

import pytest

from streams.lab.bench.figures.results import replaced, write_section
from streams.lab.bench.pipeline.pipeline_report import limits, section

FIGURES: dict[str, Any] = {
    "events": 60_000,
    "cpu_us": {"stock": 80.0, "naive": 400.0, "goeswith": 120.0, "goeswith_fold": 24.0},
    "latency_ms": {"stock": {"p50": 20, "p99": 150}, "goeswith": {"p50": 9, "p99": 30}},
    "fold_us": 11.0,
    "best_fit": False,
    "catalog": 0,
    "slots": 1,
    "decide_us": {"without": {"p50": 90.0, "p99": 200.0}, "with": {"p50": 150.0, "p99": 500.0}},
    "rounds": [{}],
    "exact": True,
    "same_state": True,
    "prompts": 59_990,
    "lost": 0,
    "unknown": 0,
    "repeats": 3,
}


def test_what_was_missed_is_said_as_loudly_as_what_was_reached() -> None:
    """24 of 80 µs is more than a fifth: a loss, and written down."""
    lines = section(FIGURES)

    assert "- MISSED: folding only, of a bare stock agent: 0.3, wanted at most 0.2" in lines
    assert "- reached: a prompt for every event, of a bare stock agent: 1.5, wanted at most 2" in (
        lines
    )


def test_every_limit_compares_figures_of_one_run() -> None:
    """Ratios, but for the bounds on a decision and on a wait."""
    assert [0.3, 1.5, 0.3, 90, 150, 30, 0.2] == [figure for _, figure, _ in limits(FIGURES)]


def test_folding_with_the_ranker_is_not_held_to_a_fifth() -> None:
    """It learns more of every event; that is what its arm costs."""
    named = [name for name, _, _ in limits(FIGURES | {"best_fit": True})]

    assert not [name for name in named if name.startswith("folding only")]
    assert "A decision, in process: without the ranker p50 90.0 µs, p99 200.0 µs; with the " in (
        "".join(section(FIGURES))
    )


def test_a_section_is_written_once(tmp_path: Path) -> None:
    """A second run replaces the first; what others wrote stays."""
    path = tmp_path / "benchmarks" / "RESULTS.md"
    path.parent.mkdir()
    path.write_text("# Results\n\n## Recommenders\n\nfine\n")
    for _ in range(2):
        write_section(path, "Pipeline", section(FIGURES), "goeswith bench pipeline --write")

    assert 1 == path.read_text().count("## Pipeline")
    assert 1 == path.read_text().count("    goeswith bench pipeline --write\n")
    assert 1 == path.read_text().count("## Recommenders\n\nfine")


def test_a_section_says_what_was_measured_and_where(tmp_path: Path) -> None:
    """The versions of what was measured stand beside Python's."""
    path = tmp_path / "RESULTS.md"
    write_section(path, "Models", ["| bread |"], "goeswith bench models", ["river"])

    assert path.read_text().startswith("# Results\n")
    assert "cores" in path.read_text()
    assert ", river 0." in path.read_text()
    assert path.read_text().endswith("    goeswith bench models\n\n| bread |\n")


@pytest.mark.parametrize("text", ["", "# R\n", "## Pipeline\n\nold\n", "# R\n\n## Pipeline\n"])
def test_whatever_was_there_the_section_is_there_once(text: str) -> None:
    """Also where the file is empty, or ends with the section."""
    after = replaced(text, "## Pipeline", "new")

    assert after.endswith("## Pipeline\n\nnew\n")
    assert "old" not in after
    assert after == replaced(after, "## Pipeline", "new")
