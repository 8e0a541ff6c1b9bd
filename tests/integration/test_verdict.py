"""A short verdict: everything goes wrong once, nearly, and the books balance."""

import json
import os

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith

FAULTS = 10
"""`make chaos` has two hundred."""
ROTATED_SECRETS = 2


@pytest.mark.timeout(600)  # it takes a little over one minute, where nobody else is at work
@pytest.mark.usefixtures("kafka")  # it says whether one can be had; the verdict starts its own
def test_the_books_balance_after_ten_faults() -> None:
    """State and outcomes are exact, no prompt is lost, and whatever came again has the same id.

    Dead letters are those that the log calls for: late feedback, of which a session has forgotten
    the prompt. How much of that there is depends on how late it comes.

    Everything that is promised went wrong, and both secrets have sealed prompts.
    """
    words = ["verdict", "--faults", str(FAULTS), "--seed", "1", "--json"]
    pace = ["--seconds-between", "1", "--session-timeout-s", "3", "--events-per-s", "60"]
    result = CliRunner().invoke(goeswith, [*words, *pace], env=dict(os.environ))

    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["state"] == "EXACT"
    assert figures["outcomes"] == "EXACT"
    assert figures["twin"] == "EXACT", figures["twin_says"]
    assert figures["missing_kinds"] == []
    assert len(figures["sealed_by"]) == ROTATED_SECRETS
    assert figures["prompts"] in ("EXACT", "MORE")
    assert figures["rejected"] in ("EXACT", "MORE"), figures["rejected_says"]
    assert [figures["lost"], figures["wrong"]] == [0, 0]
    assert sum(figures["faults"].values()) == FAULTS
