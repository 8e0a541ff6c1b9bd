"""Shops in which prompts are worth nothing: bounds at every look seldom say otherwise."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.experiments.uplift.figures import uplift_of
from streams.lab.bench.inference import aa_report
from streams.lab.bench.inference.aa_log import (
    differing_looks,
    looks_through_the_fold,
    published,
    verdicts,
)
from streams.lab.bench.inference.aa_report import FEW, LABELS, RARE, YEAR, claims, measured
from streams.lab.bench.inference.aa_shops import (
    METRICS,
    NO_WINDOW,
    WINDOW,
    AaShop,
    Course,
    course,
    differs,
    judged,
    run,
    sums_by_look,
)

SMALL = AaShop(looks=40, units_a_look=25, share=0.3, rate=0.3, later=1.0, varied=True)
QUARTER = AaShop(looks=90, units_a_look=200, share=0.1, rate=0.1, later=1.0, varied=True)


def of_seed(shop: AaShop, seed: int) -> Course:
    """One shop."""
    return course(shop, np.random.default_rng(seed))


def by_hand(one: Course, metric: str, look: int, window: int) -> np.ndarray:
    """What each unit that is there by a look has done by then, in a loop; nan where it is not."""
    had = np.where((one.came <= look) & (one.came > look - window), 0.0, np.nan)
    for of, at, pieces, price, back, back_at in zip(*one[4:], strict=True):
        if at > look:
            continue
        kept = pieces - (back if back_at <= look else 0)
        had[of] += {"orders": kept > 0, "items": kept, "revenue": kept * price}[metric]
    return had


@pytest.mark.parametrize("window", [NO_WINDOW, WINDOW])
@pytest.mark.parametrize("metric", METRICS)
def test_sums_of_arrays_are_those_of_a_loop_over_units(metric: str, window: int) -> None:
    """At every tenth look, with what comes back, and with a window."""
    one = of_seed(SMALL, 3)
    sums = sums_by_look(one, metric, window)
    for look in (0, 9, 19, 29, 39):
        had = by_hand(one, metric, look, window)
        for side, of in zip((one.held, ~one.held), sums, strict=True):
            mine = side & ~np.isnan(had)
            y, x = had[mine], one.before[mine]
            assert pytest.approx((mine.sum(), y.sum(), y @ y, x.sum(), x @ x, y @ x)) == tuple(
                each[look] for each in of
            )


def test_a_file_that_is_kept_on_a_log_of_seven_days_has_the_same_sums(tmp_path: Path) -> None:
    """Through outcomes, the fold and `--keep`: each look's bounds, to the last digit."""
    assert 0 == differing_looks(of_seed(SMALL, 1), 7, tmp_path / "units")


def test_sums_that_miss_a_return_are_noticed(tmp_path: Path) -> None:
    """The comparison can fail."""
    one = of_seed(SMALL, 1)
    where = np.flatnonzero((one.back > 0) & (one.back_at < 30))[0]
    other = one._replace(back=np.where(np.arange(len(one.back)) == where, 0, one.back))
    found = list(looks_through_the_fold(one, 7, tmp_path / "units"))[-1]
    held, others = sums_by_look(other, "revenue")
    assert found.totals is not None
    totals = sum(
        unit.revenue.get("", 0) for unit in (*found.totals.held_out, *found.totals.may_get)
    )

    assert totals < held.y[-1] + others.y[-1]


def test_a_log_of_seven_days_alone_gives_no_verdict() -> None:
    """From the day on which it has forgotten the start."""
    found = list(looks_through_the_fold(of_seed(SMALL, 2), 7, None))

    assert [False] * 7 + [True] * 33 == [one.log_begins_ms is not None for one in found]


def test_bounds_at_every_look_seldom_find_what_is_not_there() -> None:
    """60 quarters of a year and 60 shops of each rare rate (seed 1): at most 5 % of each."""
    found = claims(
        [run(QUARTER, np.random.default_rng((1, one))) for one in range(60)],
        {
            rate: [run(shop, np.random.default_rng((1, rate, one))) for one in range(60)]
            for rate, shop in RARE.items()
        },
    )

    assert all(one["holds"] for one in found.values()), found
    assert found["naive"]["value"] > 0.25


def test_a_small_holdout_that_looks_calm_is_not_believed() -> None:
    """250 shops in their first three weeks, 5 % held out: revenue differs in 2 % of them at most.

    With as few borrowed orders as three it did in more than 4 % (seeds 0 to 249).
    """
    shop, differing = replace(YEAR, looks=21), 0
    for seed in range(250):
        sums = sums_by_look(of_seed(shop, seed), "revenue")
        differing += any(map(differs, judged(*sums)))

    assert differing <= 0.02 * 250


def test_two_units_a_side_give_no_verdict() -> None:
    """However they differ; where thirty are there are bounds."""
    two = (
        of_seed(FEW, seed)._replace(held=np.array([True, True, False, False])) for seed in range(50)
    )
    many = of_seed(AaShop(looks=1, units_a_look=200, share=0.5, rate=0.5), 1)

    assert 0 == verdicts(two)
    assert 1 == verdicts([many])


def test_an_effect_is_found_by_the_same_code() -> None:
    """Shops in which those held out lose a third of their orders: the simulation can say so."""
    found = 0
    for seed in range(10):
        one = of_seed(QUARTER, seed)
        lost = one.held[one.of] & (np.arange(len(one.of)) % 3 == 0)
        less = one._replace(**{name: getattr(one, name)[~lost] for name in Course._fields[4:]})
        held, others = (side.at(QUARTER.looks - 1) for side in sums_by_look(less, "orders"))
        last = uplift_of(held, others)
        found += last is not None and last.low > 0

    assert found > 5


def test_what_is_published_tells_sides_and_what_was_before() -> None:
    """All units, each once, on the day that it comes."""
    one = of_seed(SMALL, 5)
    records = [record for look in range(SMALL.looks) for record in published(one, look)]
    assigned = [record for record in records if record.type == "assigned"]

    assert SMALL.units == len(assigned)
    assert one.before.sum() == sum(record.orders_before for record in assigned)
    assert one.held.sum() == sum(record.holdout for record in assigned)


def test_every_claim_has_its_line_and_wrong_ones_are_said() -> None:
    """The whole benchmark in small."""
    found = measured(2, 1, 1, year=SMALL, kept=SMALL)
    lines = list(aa_report.section(found, 2))
    wrong = run(SMALL, np.random.default_rng(1))._replace(
        differs=dict.fromkeys(METRICS, True), sample_ratio_alarm=True
    )
    said = claims([wrong], {rate: [wrong] for rate in RARE})

    assert list(LABELS) == list(found)
    assert len(LABELS) == sum(line.startswith("| ") for line in lines) - 1
    assert {"window", "naive"} == {name for name, one in said.items() if one["holds"]}
    assert json.dumps(found)


def test_the_command_says_how_much_it_does() -> None:
    """Before anybody waits for it."""
    said = CliRunner().invoke(goeswith, ["bench", "aa-tests", "--help"]).stdout

    assert "A year of 1,000 units a day" in said
