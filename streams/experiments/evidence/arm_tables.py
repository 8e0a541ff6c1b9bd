"""The evidence on arms, for people and for programs."""

from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from models.evaluation.arm_values import Interval
from streams.cli.printable import many, printable
from streams.cli.tables import Listing
from streams.experiments.arm_estimates import ArmEstimate, ArmEstimates, sample_ratio_alarms
from streams.experiments.evidence.conclusion import (
    RewardScale,
    below_floor,
    best_arm,
    best_json,
    chance,
    pending,
    sentence,
    short,
    spread,
)
from streams.experiments.evidence.left_out import left_out
from streams.experiments.impressions import Trials

UNKNOWN = "-"
P_TOLD_MIN = 0.001
SCALE = RewardScale()


def evidence_table(evidence: ArmEstimates, trials: Trials, scale: RewardScale = SCALE) -> Listing:
    """For people: what an impression earns, and how much more than one of the arm compared with.

    Both with bounds that hold at every look.

    >>> from rich.console import Console
    >>> from streams.experiments.impressions import Trial
    >>> evidence = ArmEstimates()
    >>> evidence.add([Trial("popular", "basket/new", {"popular": 1.0}, {}, 0.25)] * 4_000)
    >>> Console(width=95).print(evidence_table(evidence, Trials()))
    Evidence: popular is the only arm that was on offer: .250 an impression (95 % at any look .221
    to .279; 1 = bought)
    ┏━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━┳━━━━━━━━━┳━━━━━━━━━━┓
    ┃         ┃         ┃        ┃      95 % at ┃ more than ┃   ┃         ┃ expected ┃
    ┃ arm     ┃ settled ┃ reward ┃     any look ┃   popular ┃ p ┃ P(best) ┃     loss ┃
    ┡━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━╇━━━━━━━━━╇━━━━━━━━━━┩
    │ popular │   4,000 │  .2500 │ .221 to .279 │         - │ - │  100.0% │    .0000 │
    └─────────┴─────────┴────────┴──────────────┴───────────┴───┴─────────┴──────────┘
    reward: of a settled impression, by AIPW, whatever luck an arm had (.1 = clicked, .5 = added,
    1 = bought)
    0 impressions are pending: an impression is judged 10 min after it was shown, by what it brought
    until then; purchases count for 24 h: --settle 86400 waits for them
    sample ratio: ok, arms are seen as often as they were drawn
    """
    rows = evidence.rows()
    more = f"more than\n{printable(evidence.against)}"
    table = Listing(
        *("arm", "settled", "reward", "95 % at\nany look", more, "p", "P(best)", "expected\nloss"),
        title=f"Evidence: {sentence(evidence, rows, scale, trials.begins_ms)}",
        notes=_notes(rows, evidence, trials, scale),
    )
    for row in rows:
        table.add(*_cells(row, alone=len(rows) == 1))
    return table


def _cells(row: ArmEstimate, *, alone: bool) -> tuple[str | Text, ...]:
    return (
        Text(printable(row.arm)),
        f"{row.drawn:,}",
        _reward(row),
        _bounds(row.estimate),
        _bounds(row.difference, "+"),
        UNKNOWN if row.p is None else _p(row.p),
        f"{1:.1%}" if alone else chance(row.p_best),
        short(row.expected_loss, 4),
    )


def _reward(row: ArmEstimate) -> str:
    if row.estimate is None:
        return UNKNOWN
    return short(row.estimate.value, 4) + ("" if row.comparable else "*")


def _p(p: float) -> str:
    """Never nothing.

    >>> _p(0.0125), _p(2.5e-7), _p(1.0)
    ('.013', '< .001', '1.00')
    """
    return short(p, 3) if p >= P_TOLD_MIN else f"< {short(P_TOLD_MIN)}"


def _bounds(interval: Interval | None, sign: str = "") -> str:
    return UNKNOWN if interval is None else spread(interval, sign)


def _notes(
    rows: list[ArmEstimate], evidence: ArmEstimates, trials: Trials, scale: RewardScale
) -> list[str]:
    said = [
        f"reward: of a settled impression, by AIPW, whatever luck an arm had ({scale})",
        pending(trials.pending, trials.settle_ms / 1000, scale),
    ]
    if rows and evidence.against not in {row.arm for row in rows}:
        said.append(f"{printable(evidence.against)} was not on offer: nothing is compared with it")
    if evidence.left_out:
        said.append(many(evidence.left_out, "impressions left out: too many sets of arms on offer"))
    if rows and (rare := below_floor(evidence)):
        said.append(rare)
    said += [
        f"left out of what is said of {printable(arm)}, as drawn below the floor: {count:,} of "
        + many(evidence.offered(arm), "impressions")
        for arm, count in sorted(evidence.rare.items())
        if arm in {row.arm for row in rows}
    ]
    if other := [row for row in rows if not row.comparable]:
        named = ", ".join(f"{printable(row.arm)} in {100 * row.on_offer:.0f} %" for row in other)
        said.append(f"* not comparable but by differences, as not always on offer: {named}")
    said += left_out(trials)
    if alarms := sample_ratio_alarms(rows):
        named = ", ".join(printable(arm) for arm in alarms)
        said.append(f"prompts get lost, or are shown twice: {named} not seen as often as drawn")
    elif rows:
        said.append("sample ratio: ok, arms are seen as often as they were drawn")
    return said + [_changed(row.arm, row.changed_s) for row in rows if row.changed_s is not None]


def _changed(arm: str, at_s: float) -> str:
    when = datetime.fromtimestamp(at_s, UTC)
    since = f"established {when:%Y-%m-%d %H:%M} UTC"
    return f"what {printable(arm)} earns has changed: {since}; rewards are of before and after"


def evidence_json(
    evidence: ArmEstimates, trials: Trials, scale: RewardScale = SCALE
) -> dict[str, Any]:
    """For programs.

    `against`, `alpha`, `floor`, `settle_s`, `reward_scale` (what is `clicked`, `added` and
    `bought`, and how long after an impression: `purchases_s`), `left_out` (for want of memory),
    `below_floor` (no arm was drawn as often as the floor: no evidence), what else is not counted:
    `pending` (shown, not settled), `forgotten`, `without_propensities`, `without_shown`,
    `repeats`, `impossible`, `unreadable`, `returns_forgotten`; `outside` (trials
    that add up to less than 0 or more than 1, cut to that), `log_begins_ms` (null: it has forgotten
    nothing of that), `sample_ratio_alarm` (whether any arm
    has one), `best` (`arm`, whether that is `decided`, the arms that are `worse`, `undecided`
    ones, and `unknown` ones: drawn below the floor too often), and `arms`: of each `arm`, `trials`
    (it was on offer), `drawn`, `estimate` and `difference` (`value`, `low`, `high`, or null), `p`,
    `p_best`, `expected_loss`, `sample_ratio_p`, `changes` (how often it was established that what
    it earns has changed), `changed_s` (since when that is, in seconds since 1970; null: it is
    not, or not any more), `on_offer` (in which share of impressions), `comparable` (whether its
    reward is of the same ones as that of others) and `left_out` (it was drawn below the floor).
    """
    rows = evidence.rows()
    return {
        "against": evidence.against,
        "alpha": evidence.alpha,
        "floor": evidence.floor,
        "settle_s": trials.settle_ms / 1000,
        "reward_scale": scale._asdict(),
        **trials.counts,
        "log_begins_ms": trials.begins_ms,
        "left_out": evidence.left_out + trials.forgotten,
        "below_floor": evidence.below_floor,
        "sample_ratio_alarm": bool(sample_ratio_alarms(rows)),
        "best": best_json(best_arm(evidence, rows)),
        "arms": [
            row._asdict()
            | {"comparable": row.comparable}
            | {name: _interval_json(getattr(row, name)) for name in INTERVALS}
            for row in rows
        ],
    }


INTERVALS = ("estimate", "difference")


def _interval_json(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else interval._asdict()
