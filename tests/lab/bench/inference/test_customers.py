"""Customers with a known effect: uplift finds it, whatever they do with their ids."""

import json

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.lab.bench.inference.customers import EFFECT, KINDS, ShopRun, run, truth
from streams.lab.bench.inference.uplift_report import figures_of

SHOPS = 3


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_hold_the_truth_and_nobody_held_out_is_prompted(kind: str) -> None:
    """Three shops of 300 customers, at twenty looks each; what was found is near."""
    shops = [run(kind, seed, units=300) for seed in range(SHOPS)]
    found = figures_of(kind, shops)

    assert found["holds"], found
    assert pytest.approx(truth(kind), abs=0.1) == found["difference"]
    assert (found["crossovers"] > 0) == (kind == "two devices")


def test_a_renewed_session_is_of_the_same_unit() -> None:
    """And a second device is another one."""
    renewed, two = (run(kind, 0, units=300) for kind in ("renewed session id", "two devices"))

    assert (300, 600) == (renewed.held_out + renewed.may_get, two.held_out + two.may_get)


def test_bounds_that_miss_too_often_are_said() -> None:
    """So is a single prompt to somebody who is held out."""
    good, missed = (ShopRun(covered, 0, 0, 50, 250, 0.3) for covered in (True, False))
    prompted = good._replace(held_out_prompted=1)

    assert figures_of("bots", [good] * 19 + [missed])["holds"]
    assert not figures_of("bots", [good] * 18 + [missed] * 2)["holds"]
    assert not figures_of("bots", [good] * 19 + [prompted])["holds"]


def test_the_command_prints_its_figures() -> None:
    """One line for each kind."""
    done = CliRunner().invoke(
        goeswith, ["bench", "uplift", "--runs", "1", "--units", "100", "--json"]
    )
    told = json.loads(done.stdout)

    assert KINDS.keys() == told.keys()
    assert EFFECT == told["no consent"]["truth"]
