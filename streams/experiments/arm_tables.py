"""The evidence on arms, for people and for programs."""

from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from models.evaluation.arm_values import Interval
from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from streams.cli.printable import printable
from streams.experiments.arm_estimates import ArmEstimate, ArmEstimates, sample_ratio_alarms
from streams.experiments.impressions import Trials

UNKNOWN = "-"


def evidence_table(evidence: ArmEstimates, trials: Trials) -> Table:
    """For people: what an impression earns, and how much more than one of the arm compared with.

    Both with bounds that hold at every look.

    >>> from rich.console import Console
    >>> from streams.experiments.impressions import Trial
    >>> evidence = ArmEstimates()
    >>> evidence.add([Trial("popular", "basket/new", {"popular": 1.0}, {}, 0.25)] * 4_000)
    >>> Console(width=100).print(evidence_table(evidence, Trials()))
    ┏━━━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━┳━━━━━━━━━┳━━━━━━━┳━━━━━━━━┓
    ┃         ┃       ┃       ┃             ┃ more than ┃   ┃         ┃       ┃        ┃
    ┃ arm     ┃ drawn ┃ earns ┃ at any look ┃   popular ┃ p ┃ P(best) ┃  loss ┃ sample ┃
    ┡━━━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━╇━━━━━━━━━╇━━━━━━━╇━━━━━━━━┩
    │ popular │ 4,000 │ .2500 │   .221 .279 │         - │ - │  100.0% │ .0000 │     ok │
    └─────────┴───────┴───────┴─────────────┴───────────┴───┴─────────┴───────┴────────┘
    0 impressions pending: each counts 600 s after it was shown
    """
    rows = evidence.rows()
    table = Table(caption=Text(_caption(rows, evidence, trials)), caption_justify="left")
    table.add_column("arm", overflow="fold")
    against = printable(evidence.against, chars_max=20)
    more = f"more than\n{against}"
    for name in ("drawn", "earns", "at any look", more, "p", "P(best)", "loss", "sample"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: ArmEstimate) -> tuple[str | Text, ...]:
    alarm = row.sample_ratio_p < SAMPLE_RATIO_ALPHA
    return (
        Text(printable(row.arm)),
        f"{row.drawn:,}",
        UNKNOWN if row.estimate is None else _short(row.estimate.value, 4),
        _bounds(row.estimate),
        _bounds(row.difference, "+"),
        UNKNOWN if row.p is None else _short(row.p, 3),
        f"{row.p_best:.1%}",
        _short(row.expected_loss, 4),
        Text("ALARM", style="bold red") if alarm else "ok",
    )


def _bounds(interval: Interval | None, sign: str = "") -> str:
    if interval is None:
        return UNKNOWN
    return f"{_short(interval.low, 3, sign)} {_short(interval.high, 3, sign)}"


def _short(number: float, digits: int, sign: str = "") -> str:
    """A fraction without the zero before the point: columns are dear."""
    return (
        f"{number:{sign}.{digits}f}".replace("0.", ".", 1) if abs(number) < 1 else f"{number:.2f}"
    )


def _caption(rows: list[ArmEstimate], evidence: ArmEstimates, trials: Trials) -> str:
    settled, left_out = f"{trials.settle_ms / 1000:,g} s", evidence.left_out + trials.forgotten
    said = [f"{trials.pending:,} impressions pending: each counts {settled} after it was shown"]
    if left_out:
        said.append(f"{left_out:,} left out: more than can be held")
    if alarms := sample_ratio_alarms(rows):
        named = ", ".join(printable(arm) for arm in alarms)
        said.append(f"prompts get lost, or are shown twice: {named} not seen as often as drawn")
    said += [_changed(row.arm, row.changed_s) for row in rows if row.changed_s is not None]
    return "\n".join(said)


def _changed(arm: str, at_s: float) -> str:
    when = datetime.fromtimestamp(at_s, UTC)
    return f"what {printable(arm)} earns has changed: noticed {when:%Y-%m-%d %H:%M} UTC"


def evidence_json(evidence: ArmEstimates, trials: Trials) -> dict[str, Any]:
    """For programs.

    `against`, `alpha`, `floor`, `settle_s`, `pending` (shown, not settled), `left_out`,
    `sample_ratio_alarm` (whether any arm has one), and `arms`: of each `arm`, `trials` (it was on
    offer), `drawn`, `estimate` and `difference` (`value`, `low`, `high`, or null), `p`, `p_best`,
    `expected_loss`, `sample_ratio_p`, `changes` (how often what it earns has changed) and
    `changed_s` (when that was noticed last, in seconds since 1970, or null).
    """
    rows = evidence.rows()
    return {
        "against": evidence.against,
        "alpha": evidence.alpha,
        "floor": evidence.floor,
        "settle_s": trials.settle_ms / 1000,
        "pending": trials.pending,
        "left_out": evidence.left_out + trials.forgotten,
        "sample_ratio_alarm": bool(sample_ratio_alarms(rows)),
        "arms": [
            row._asdict() | {name: _interval_json(getattr(row, name)) for name in INTERVALS}
            for row in rows
        ],
    }


INTERVALS = ("estimate", "difference")


def _interval_json(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else interval._asdict()
