"""What is told of arms and of the holdout: tables, verdicts, figures; made once for all pages."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from streams.cli.tables import Listing
from streams.experiments.arm_estimates import ArmEstimate
from streams.experiments.uplift.figures import HoldoutSample, UpliftRow, rows, sample, sizes
from streams.experiments.uplift.tables import Findings, as_values, table
from streams.operations.console.watching.experiments.course import Point


class ArmsTold(NamedTuple):
    """What there is to tell of arms."""

    evidence: Listing
    """The table of `goeswith arms`, with its verdict as the title."""
    board: Listing
    """What happened so far."""
    rows: Sequence[ArmEstimate]
    course: Sequence[Point]
    against: str
    values: dict[str, Any]
    """As `goeswith arms --json`."""


class UpliftTold(NamedTuple):
    """What there is to tell of the holdout."""

    table: Listing
    """The table of `goeswith uplift`, with its verdict as the title."""
    alarmed: bool
    """Whether nothing follows: the split is not as planned, or the held out were shown prompts."""
    refused: bool
    """Whether there is no verdict, whatever the figures: their bounds need not hold."""
    split: HoldoutSample | None
    """None: nobody has been assigned."""
    sides: tuple[int, int]
    """How many are held out, and how many may get prompts."""
    rows: Sequence[UpliftRow]
    values: dict[str, Any]
    """As `goeswith uplift --json`."""


def uplift_told(found: Findings) -> UpliftTold:
    """What follows from the findings."""
    totals = found.totals
    return UpliftTold(
        table(found),
        found.alarmed,
        found.refused,
        None if totals is None else sample(totals),
        (0, 0) if totals is None else sizes(totals),
        () if totals is None else rows(totals),
        as_values(found),
    )
