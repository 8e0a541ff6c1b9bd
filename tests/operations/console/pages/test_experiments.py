"""The page of experiments: tables and verdicts of the commands, charts, and files."""

import csv
import io
import math
import re

import numpy as np
from pyarrow import parquet
from scipy.optimize import brentq

from models.evaluation.arm_values import Interval
from models.evaluation.confidence_sequences import asymptotic_half_width
from streams.contract.published.outcomes import Assigned
from streams.contract.schemas.examples import SHOWN
from streams.experiments.evidence.quiet_log import QUIET_EVERY_S
from streams.experiments.open_prompts import QuietTime
from streams.experiments.uplift.figures import BORROWED
from streams.operations.console.charts.course import course
from streams.operations.console.charts.intervals import Band, intervals
from streams.operations.console.pages.experiments.page import series
from streams.operations.console.watching.experiments.course import Point
from tests.experiments.uplift.records import assigned, ordered, returned, shop
from tests.operations.console.eyes import HOSTILE, Eyes, shown, trial

RATES = {"popular": 0.1, "bought_together": 0.5}


async def page(eyes: Eyes) -> str:
    """The page, after a look."""
    eyes.look()
    async with eyes.client() as http:
        answer = await http.get("/experiments")
        assert 200 == answer.status_code
        return answer.text


async def test_no_data_is_a_page(eyes: Eyes) -> None:
    """Before the first look, and with an empty topic."""
    async with eyes.client() as http:
        assert "has not been read yet" in (await http.get("/experiments")).text
        assert (await http.get("/api/experiments")).json()["arms"] is None
        assert 200 == (await http.get("/experiments/arms.csv")).status_code
    said = await page(eyes)

    assert "Too early to say which arm is best: nothing is settled yet" in said
    assert "Nobody has been assigned" in said
    assert "<svg" not in said


async def test_the_right_winner_is_named_with_its_bounds(eyes: Eyes) -> None:
    """And drawn, twice: what is known, and how it became known."""
    eyes.happen(*trial(4_000, RATES))
    eyes.fold._slice = 500
    for _ in range(20):
        eyes.look()
    said = await page(eyes)

    assert "bought_together is best" in said
    assert "the others are worse" in said
    assert 'aria-label="reward of an impression, with its bounds: bought_together' in said
    assert 'class="band c1"' in said


async def test_impressions_settle_while_the_shop_is_quiet(eyes: Eyes) -> None:
    """Once nothing is under way; what came in between is no quiet."""
    eyes.happen(*trial(400, RATES)[:-1])
    last_ms = SHOWN.occurred_at_ms + 399_000
    await page(eyes)
    eyes.quiet = QuietTime(last_ms, last_ms + 600_500)
    eyes.now_s += QUIET_EVERY_S
    eyes.happen(shown(400, "popular", [*RATES]))
    assert "nothing is settled yet" in await page(eyes)
    eyes.now_s += QUIET_EVERY_S

    assert "nothing is settled yet" not in await page(eyes)
    assert 1 == eyes.fold.trials.pending


async def test_an_arm_that_is_in_no_figure_says_why(eyes: Eyes) -> None:
    """Of those that are on, and of what the catalogue has to say first; not before all is read."""
    eyes.happen(*trial(400, RATES))
    eyes.fold._slice = 200
    early = await page(eyes)
    for _ in range(5):
        eyes.look()
    said = await page(eyes)
    arms = dict(re.findall(r"<li><b>(\w+)</b> <span .*?</span>(.*?)</li>", said))

    assert "settled so far" not in early
    assert "no prompt of it has settled so far" in arms["buy_again"]
    assert "the catalogue, curators or a control say, and no prompt" in arms["accessories"]
    assert ["", ""] == [arms[name] for name in RATES]


async def test_one_arm_alone_is_said_to_be_alone(eyes: Eyes) -> None:
    """There is nothing to compare with."""
    eyes.happen(*trial(100, {"popular": 0.2}))
    assert "popular is the only arm that was on offer" in await page(eyes)


async def test_a_young_experiment_is_words(eyes: Eyes) -> None:
    """One unit a side, and a handful of impressions."""
    eyes.happen(*trial(4, RATES), assigned(0, held=True), assigned(1, held=False))
    said = await page(eyes)

    assert "Too early to say which arm is best: only" in said
    assert (
        "too early to say what prompts bring of orders: 1 unit held out and 1 that may get" in said
    )


async def test_200_of_1000_held_out_at_5_percent_is_an_alarm(eyes: Eyes) -> None:
    """By design it is none."""
    eyes.happen(*(assigned(n, held=n % 5 == 0, share=0.05) for n in range(1_000)))
    assert "200 of 1,000 units are held out (20 %), and 5 % were planned" in await page(eyes)
    planned = Eyes()
    planned.happen(*(assigned(n, held=n % 20 == 0, share=0.05) for n in range(1_000)))
    assert "<b>Alarm</b>" not in await page(planned)


async def test_where_nothing_follows_nothing_is_drawn(eyes: Eyes) -> None:
    """Of bounds that need not hold a chart would be a verdict."""
    eyes.happen(*shop(800))
    assert 'aria-label="per cent more' in await page(eyes)
    forgotten = Eyes()
    forgotten.happen(*shop(800))
    forgotten.outcomes.begin = 5
    said = await page(forgotten)

    assert "no verdict, as the log has forgotten the start" in said
    assert 'aria-label="per cent more' not in said


async def test_uplift_is_told_with_its_bounds(eyes: Eyes) -> None:
    """Money in its currency; the chart in per cent."""
    eyes.happen(*shop(800))
    said = await page(eyes)

    assert "prompts bring more orders" in said
    assert "revenue, EUR" in said
    assert 'aria-label="per cent more: orders' in said


def sides(others: int, held: int) -> tuple[list[Assigned], list[Assigned]]:
    """Units that may get prompts, and units that are held out."""
    return [assigned(n, held=False) for n in range(others)], [
        assigned(1_000 + n, held=True) for n in range(held)
    ]


async def test_bands_in_per_cent_know_the_errors_of_both_sides(eyes: Eyes) -> None:
    """As plain arithmetic has it: where `1 + part` times the held out differ by chance at most.

    With the mean of the held out taken as known the band would be narrower than it is.
    """
    others, held = sides(700, 300)
    eyes.happen(*others, *held, *(ordered(one) for one in (*others[:525], *held[:120])))
    said = re.search(r'"per cent more: orders (\S+), from (\S+) to (\S+);', await page(eyes))
    assert said is not None
    did = np.arange(300) < 120, np.arange(700) < 525

    def reach(part: float) -> float:
        pair = [(1.0 + part) * did[0], 1.0 * did[1]]
        own = [float(np.var(values, ddof=1)) for values in pair]
        seen = [values.sum() ** 2 / (values**2).sum() for values in pair]
        lent = [(seen[at] * own[at] + BORROWED * max(own)) / (seen[at] + BORROWED) for at in (0, 1)]
        se = math.sqrt(lent[0] / 300 + lent[1] / 700)
        return float(pair[1].mean() - pair[0].mean()) / asymptotic_half_width(se, 1_000, 0.05)

    low = 100 * brentq(lambda part: reach(part) - 1.0, -0.9, 20.0)
    high = 100 * brentq(lambda part: reach(part) + 1.0, -0.9, 20.0)
    for expected, told in zip((87.5, low, high), said.groups(), strict=True):
        assert math.isclose(expected, float(told), rel_tol=1e-3)


async def test_where_the_held_out_may_do_nothing_no_per_cent_is_drawn(eyes: Eyes) -> None:
    """A few orders of a small holdout: the table tells the difference, and a sentence why."""
    others, held = sides(140, 60)
    eyes.happen(*others, *held, *(ordered(one) for one in (*others, *held[:2])))
    said = await page(eyes)

    assert "per cent more: orders" not in said
    assert "Without a band in per cent: orders;" in said
    assert "not told apart from it" in said


async def test_one_giant_order_draws_no_band_that_the_table_does_not_tell(eyes: Eyes) -> None:
    """A thousand pieces that came back: of thousands of per cent all other bands were dots."""
    units = [assigned(n, held=n % 2 == 0, share=0.5) for n in range(900)]
    held, others = units[::2], units[1::2]
    orders = [ordered(one) for one in (*others, *held[::2])]
    giant = ordered(others[0], "giant", bread=1_000)
    few = [returned(one, bread=1) for one in orders[450:490]]
    eyes.happen(*others, *held, *orders, giant, returned(giant, bread=1_000), *few)
    said = await page(eyes)
    async with eyes.client() as http:
        told = (await http.get("/api/experiments")).json()["uplift"]["metrics"]
    relative = {row["metric"]: row["relative"] for row in told}
    label = re.search(r'"per cent more: ([^"]+)"', said)
    assert label is not None
    drawn = {one.split(" ", 1)[0] for one in label.group(1).split("; ")}

    assert relative["items returned"] is None
    assert relative["orders"] is not None
    assert "orders" in drawn
    assert "items returned" not in label.group(1)
    assert "Without a band in per cent: " in said
    assert "items returned" in said.partition("Without a band in per cent: ")[2].split(".")[0]


async def test_a_ratio_of_thousands_of_per_cent_leaves_the_verdict_to_be_read(eyes: Eyes) -> None:
    """Its bar goes on beyond the axis: that is told, and its figures are."""
    units = [assigned(n, held=n % 2 == 0, share=0.5) for n in range(3_000)]
    held, others = ([ordered(one) for one in units[at::2]] for at in (0, 1))
    back = [returned(one, bread=1) for one in (*held[:60], *others[:600])]
    eyes.happen(*units, *held[:750], *others[:870], *back)
    said = await page(eyes)
    label = re.search(r'"per cent more: orders (\S+), from (\S+) to (\S+);', said)
    bar = re.search(r'per cent more: .*?class="bounds c0" x1="(\S+)" x2="(\S+)"', said, re.DOTALL)
    assert label is not None
    assert bar is not None

    assert float(bar[2]) - float(bar[1]) > 60
    assert re.search(r">items returned: 900, from \S+ to 1560</text>", said)
    assert "goes on beyond it: items returned. Its figures" in said


async def test_names_of_arms_are_text(eyes: Eyes) -> None:
    """Whoever can write to the topic could name one."""
    eyes.happen(*trial(400, {HOSTILE: 0.1, "popular": 0.5}))
    eyes.fold._slice = 40
    for _ in range(20):
        eyes.look()
    said = await page(eyes)

    assert "<script>alert" not in said
    assert "&lt;script&gt;" in said


async def test_files_hold_the_figures_and_no_formula(eyes: Eyes) -> None:
    """An arm that a spreadsheet would run is text there, too."""
    eyes.happen(*trial(400, {"=cmd()": 0.1, "popular": 0.5}), *shop(200))
    eyes.look()
    async with eyes.client() as http:
        arms = await http.get("/experiments/arms.csv")
        uplift = await http.get("/experiments/uplift.csv")
        typed = await http.get("/experiments/arms.parquet")
        assert "arms.parquet" in (await http.get("/experiments")).text
        assert 200 == (await http.get("/experiments/uplift.parquet")).status_code
        told = (await http.get("/api/experiments")).json()
    rows = list(csv.DictReader(io.StringIO(arms.text)))

    assert "attachment" in arms.headers["content-disposition"]
    assert len(rows) == parquet.read_table(io.BytesIO(typed.content)).num_rows
    assert {"popular", "'=cmd()"} == {row["arm"] for row in rows}
    assert all(row["estimate_low"] <= row["estimate_value"] for row in rows)
    assert "orders" in {row["metric"] for row in csv.DictReader(io.StringIO(uplift.text))}
    assert told["arms"]["evidence"]["best"]["arm"] == "popular"
    assert told["uplift"]["experiment"].startswith("spring-")


async def test_no_winner_is_named_in_an_a_a_run_watched_all_along(eyes: Eyes) -> None:
    """Two arms that earn the same, looked at after each slice."""
    eyes.happen(*trial(2_000, {"popular": 0.3, "buy_again": 0.3}))
    eyes.fold._slice = 100
    for _ in range(40):
        assert "others are worse" not in await page(eyes)


def test_an_arm_has_one_colour_in_all_charts() -> None:
    """Whichever leads: who compares two charts goes by it."""
    points = [
        Point(n, {"b": Interval(0.2, 0.1, 0.3), "a": Interval(0.1, 0.0, 0.2)}) for n in (1, 2)
    ]
    lines = series(points)

    assert ["a", "b"] == list(lines)
    assert 'class="line c1" points="' in course(lines, "x", "n")
    assert 'class="dot c1"' in intervals([Band("b", 0.2, 0.1, 0.3, colour=1)], "x")


async def test_that_nothing_was_changed_is_said_where_controls_were_read(eyes: Eyes) -> None:
    """Where they cannot be read nobody knows."""
    assert "Nothing has been changed so far" in await page(eyes)
    blind = Eyes()
    blind.controls.away = True
    said = await page(blind)

    assert "They cannot be read: " in said
    assert "Nothing has been changed so far" not in said
