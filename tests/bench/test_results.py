"""The section of RESULTS.md that the benchmark writes."""

from pathlib import Path
from typing import Any

import pytest

from streams.bench.results import limits, replaced, section, write

FIGURES: dict[str, Any] = {
    "events": 60_000,
    "cpu_us": {"stock": 80.0, "naive": 400.0, "goeswith": 120.0, "goeswith_fold": 24.0},
    "latency_ms": {"stock": {"p50": 20, "p99": 150}, "goeswith": {"p50": 9, "p99": 30}},
    "fold_us": 11.0,
    "exact": True,
    "same_state": True,
    "prompts": 59_990,
    "lost": 0,
    "unknown": 0,
    "repeats": 3,
}


def test_what_was_missed_is_said_as_loudly_as_what_was_reached() -> None:
    """24 of 80 µs is more than a fifth: a loss, and written down."""
    text = section(FIGURES, "goeswith bench pipeline", "a machine")

    assert "- MISSED: folding only, of a bare stock agent: 0.3, wanted at most 0.2" in text
    assert "- reached: a prompt for every event, of a bare stock agent: 1.5" in text


def test_every_limit_compares_figures_of_one_run() -> None:
    """Ratios, but for the one bound in milliseconds."""
    assert [0.3, 1.5, 0.3, 30, 0.2] == [figure for _, figure, _ in limits(FIGURES)]


def test_a_section_is_written_once(tmp_path: Path) -> None:
    """A second run replaces the first; what others wrote stays."""
    path = tmp_path / "benchmarks" / "RESULTS.md"
    path.parent.mkdir()
    path.write_text("# Results\n\n## Recommenders\n\nfine\n")
    for _ in range(2):
        write(path, FIGURES, "goeswith bench pipeline --write")

    assert 1 == path.read_text().count("## Pipeline")
    assert 1 == path.read_text().count("## Recommenders\n\nfine")


@pytest.mark.parametrize("text", ["", "# R\n", "## Pipeline\n\nold\n", "# R\n\n## Pipeline\n"])
def test_whatever_was_there_the_section_is_there_once(text: str) -> None:
    """Also where the file is empty, or ends with the section."""
    after = replaced(text, "## Pipeline", "new")

    assert after.endswith("## Pipeline\n\nnew\n")
    assert "old" not in after
    assert after == replaced(after, "## Pipeline", "new")
