"""RESULTS.md: figures with the machine, the date, the commit and the command that made them."""

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

TITLE = "# Results\n\nWritten by the benchmarks themselves; each section says how.\n"
HEADING = "## Pipeline"


def write(path: Path, figures: Mapping[str, Any], command: str) -> None:
    """Put the section of the pipeline into the file, in place of the one that is there."""
    text = path.read_text() if path.exists() else TITLE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(replaced(text, HEADING, section(figures, command, conditions())))


def replaced(text: str, heading: str, new: str) -> str:
    r"""The text with the section under this heading replaced, or with it at the end.

    >>> print(replaced("# R\n\n## Bread\n\nold\n\n## Jam\n\nsweet\n", "## Bread", "new"))
    # R
    <BLANKLINE>
    ## Bread
    <BLANKLINE>
    new
    <BLANKLINE>
    ## Jam
    <BLANKLINE>
    sweet
    <BLANKLINE>
    """
    before, found, after = text.partition(f"{heading}\n")
    rest = after.partition("\n## ") if found else ("", "", "")
    following = f"\n{rest[1].strip()} {rest[2]}" if rest[1] else ""
    return f"{before.rstrip()}\n\n{heading}\n\n{new.strip()}\n{following}"


def limits(figures: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """What we want to reach, the figure of this run, and what it may be at most."""
    cpu, latency = figures["cpu_us"], figures["latency_ms"]
    p99, stock_p99 = latency["goeswith"]["p99"], latency["stock"]["p99"]
    yield "folding only, of a bare stock agent", cpu["goeswith_fold"] / cpu["stock"], 0.2
    yield "a prompt for every event, of a bare stock agent", cpu["goeswith"] / cpu["stock"], 2.0
    yield "a prompt for every event, of the naive agent", cpu["goeswith"] / cpu["naive"], 1.0
    yield "p99 in ms at 1,000 events/s", p99, 40.0
    yield "p99 of the sending stock agent's", p99 / stock_p99, 1.0


def section(figures: Mapping[str, Any], command: str, where: str) -> str:
    """The section of one run, in Markdown."""
    cpu, latency = figures["cpu_us"], figures["latency_ms"]
    stock, ours = latency["stock"], latency["goeswith"]
    return "\n".join(
        [
            f"{where}",
            "",
            f"    {command}",
            "",
            f"CPU time (user and system) of an event, {figures['events']:,} events preloaded:",
            "",
            "| | µs an event | of a bare stock agent |",
            "|---|--:|--:|",
            *(
                f"| {label} | {cpu[name]:.1f} | {cpu[name] / cpu['stock']:.2f} |"
                for name, label in LABELS.items()
            ),
            "",
            f"Decoding and folding alone, without Kafka: {figures['fold_us']:.1f} µs an event.",
            "",
            "From an event's timestamp to the broker's on its output, at 1,000 events/s:",
            "",
            "| | p50 ms | p99 ms |",
            "|---|--:|--:|",
            f"| stock agent, sending | {stock['p50']} | {stock['p99']} |",
            f"| goeswith, prompting | {ours['p50']} | {ours['p99']} |",
            "",
            f"State against an offline recomputation: {_state(figures)}. {_prompts(figures)}",
            "",
            *(_judged(*limit) for limit in limits(figures)),
        ]
    )


LABELS = {
    "stock": "stock: a bare agent, JSON decoded",
    "naive": "stock: a Table write and a send an event",
    "goeswith": "goeswith: a decision and a prompt an event",
    "goeswith_fold": "goeswith: folding only",
}


def _state(figures: Mapping[str, Any]) -> str:
    return "equal" if figures["same_state"] else "DIFFERENT"


def _prompts(figures: Mapping[str, Any]) -> str:
    return (
        f"Prompts: {figures['prompts']:,} by id, {figures['lost']} lost, "
        f"{figures['unknown']} unknown, {figures['repeats']} repeated."
    )


def _judged(what: str, figure: float, at_most: float) -> str:
    verdict = "reached" if figure <= at_most else "MISSED"
    return f"- {verdict}: {what}: {figure:.3g}, wanted at most {at_most:g}"


def conditions() -> str:
    """Machine, software, date and commit of a run that ends now."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}; {_processor()}, "
        f"{os.cpu_count()} cores shared with the broker and the feeder; {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")


def _commit() -> str:
    """The commit that is checked out, and whether there is more than it."""
    git = ("git", "describe", "--always", "--dirty", "--abbrev=10")
    try:
        done = subprocess.run(git, check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
