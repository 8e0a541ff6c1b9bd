"""Off-policy evaluation: what another policy would have earned, from what this one logged.

Settled trials (`streams.experiments.impressions`) from the topics, or from files of JSON lines; the
estimates are those of `models.evaluation.off_policy`.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from pydantic import ValidationError
from rich.table import Table

from models.evaluation.off_policy import EFFECTIVE_MIN, OffPolicyEstimate, TooFewEffective, evaluate
from streams.cli.live import show
from streams.cli.options import with_settings
from streams.clients.log_reader import open_reader
from streams.contract.errors import Misconfigured, NotEnough
from streams.contract.prompts import ANY_PUBLISHED, Outcome
from streams.contract.settings import Settings
from streams.experiments.impressions import SETTLE_S, Trial, Trials
from streams.experiments.target_policy import TargetPolicy, read_policy

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FLOOR_MIN = 0.01
"""Bounds that rest on a smaller floor are too wide to be of use."""


class PolicyEvaluation(NamedTuple):
    """The verdict, and what it could not rest on."""

    verdict: OffPolicyEstimate
    below_floor: int
    """Trials left out, because the arm drawn had a smaller propensity than the floor."""
    unmatched: int
    """Trials left out, because none of the target's arms was on offer."""


def evaluated_policy(
    trials: Iterable[Trial],
    target: TargetPolicy,
    *,
    floor: float = 0.05,
    effective_min: float = EFFECTIVE_MIN,
) -> PolicyEvaluation:
    """Judge a target policy by trials; raises `models.evaluation.off_policy.TooFewEffective`.

    What is left out is chosen by what was known before the reward: that changes whom the estimate
    is of, and biases nothing. Rewards are cut to [0, 1], as the intervals need it.

    >>> half = {"buy_again": 0.5, "popular": 0.5}
    >>> log = [Trial("buy_again", "", half, {}, 0.5), Trial("popular", "", half, {}, 0.1)] * 500
    >>> round(evaluated_policy(log, TargetPolicy({"buy_again": 1.0})).verdict.snips.value, 3)
    0.5
    """
    rows: list[tuple[float, float, float, float, float]] = []
    below_floor = unmatched = 0
    for trial in trials:
        wanted = target.propensities(set(trial.propensities), trial.context)
        if wanted is None:
            unmatched += 1
        elif min(trial.propensities.values()) < floor * (1.0 - 1e-9):
            below_floor += 1
        else:
            by_target = sum(p * trial.estimates.get(arm, 0.0) for arm, p in wanted.items())
            rows.append(
                (
                    min(1.0, max(0.0, trial.reward)),
                    trial.propensities[trial.arm],
                    wanted[trial.arm],
                    trial.estimates.get(trial.arm, 0.0),
                    by_target,
                )
            )
    rewards, propensities, wanted_of, expected, expected_by_target = np.array(rows).reshape(-1, 5).T
    verdict = evaluate(
        rewards,
        propensities,
        wanted_of,
        expected=expected,
        expected_by_target=expected_by_target,
        floor=floor,
        effective_min=effective_min,
    )
    return PolicyEvaluation(verdict, below_floor, unmatched)


def trials_of_topics(settings: Settings, trials: Trials) -> list[Trial]:
    """What the topics hold, as far as it is settled."""
    topics = settings.topics
    with open_reader(settings, topics.prompts, topics.outcomes) as reader:
        for record in reader.between(reader.begins(), reader.ends()):
            add(trials, record.value or b"", outcome=record.at.topic == topics.outcomes)
    return trials.settled()


def trials_of_files(prompts: Path, outcomes: Path, trials: Trials) -> list[Trial]:
    """What two files of JSON lines hold, as the topics would."""
    for path in (prompts, outcomes):
        for line in _lines(path):
            add(trials, line, outcome=path is outcomes)
    return trials.settled()


def add(trials: Trials, value: bytes, *, outcome: bool) -> None:
    """Note a record; what cannot be read is left out."""
    try:
        published = Outcome.model_validate_json(value) if outcome else None
        trials.add(published or ANY_PUBLISHED.validate_json(value))
    except ValidationError:
        trials.unreadable += 1


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from (line for line in file if line.strip())


@click.command()
@with_settings("bootstrap", "prefix")
@click.option(
    "--policy",
    type=FILE,
    required=True,
    metavar="FILE",
    help="The policy to be evaluated: see above.",
)
@click.option(
    "--prompts", type=FILE, metavar="FILE", help="Prompts as JSON lines, instead of the topics."
)
@click.option(
    "--outcomes", type=FILE, metavar="FILE", help="Outcomes as JSON lines, with --prompts."
)
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0),
    default=SETTLE_S,
    show_default=True,
    metavar="SECONDS",
    help="How long an impression may earn before it counts.",
)
@click.option(
    "--effective-min",
    type=click.FloatRange(min=2),
    default=EFFECTIVE_MIN,
    show_default=True,
    metavar="N",
    help="Least effective sample size; below it there is no estimate, and the exit code is 1.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def off_policy(
    settings: Settings,
    policy: Path,
    prompts: Path | None,
    outcomes: Path | None,
    settle_s: float,
    effective_min: float,
    as_json: bool,
) -> None:
    r"""Off-policy evaluation: what another policy would have earned, from what this one logged.

    The policy is a TOML file (or JSON of the same shape) with the probability of each arm, by
    context where it matters. Only arms that were on offer count, each by its part.

    \b
        [default]
        bought_together = 0.7
        popular = 0.3
        [contexts."basket/new"]
        popular = 1

    Only shown prompts count, with what they earned within the settling time. IPS is fair and noisy,
    SNIPS steadier, DR leans on the logged expectations; their bounds hold at one look, those of
    "at every look" always. A policy too unlike the one that ran is refused: the effective sample
    size says how many decisions of the log speak for it.

    --json prints `n`, `effective_n`, `weight_max`, `below_floor`, `unmatched`, `pending`,
    `unreadable`, `logged`, `ips`, `snips`, `dr` (each `value`, `se`, `low`, `high`), and
    `always_valid` (`value`, `low`, `high`).
    """
    target = read_policy(policy)
    if (prompts is None) != (outcomes is None):
        raise Misconfigured("--prompts and --outcomes belong together: give both files, or neither")
    trials = Trials(settle_s * 1000)
    if prompts is not None and outcomes is not None:
        log = trials_of_files(prompts, outcomes, trials)
    else:
        log = trials_of_topics(settings, trials)
    floor = max(settings.arm_floor, FLOOR_MIN)
    try:
        found = evaluated_policy(log, target, floor=floor, effective_min=effective_min)
    except TooFewEffective as few:
        raise NotEnough(f"{policy.name} cannot be judged: {few}; {_said(trials)}") from few
    if as_json:
        click.echo(json.dumps(as_values(found, trials)))
    else:
        show(table(found, trials))


def table(found: PolicyEvaluation, trials: Trials) -> Table:
    """The verdict, for people."""
    verdict = found.verdict
    said = Table(caption=_caption(found, trials), caption_justify="left")
    said.add_column("reward of an impression")
    for name in ("value", "se", "95 % at one look"):
        said.add_column(name, justify="right")
    named = {
        "logged: the policy that ran": verdict.logged,
        "IPS": verdict.ips,
        "SNIPS": verdict.snips,
        "DR": verdict.dr,
    }
    for name, estimate in named.items():
        if estimate is not None:
            bounds = _wide(estimate.low, estimate.high)
            said.add_row(name, f"{estimate.value:.4f}", f"{estimate.se:.4f}", bounds)
    if (always := verdict.always_valid) is not None:
        said.add_row("DR, at every look", f"{always.value:.4f}", "", _wide(always.low, always.high))
    return said


def _wide(low: float, high: float) -> str:
    return f"{low:.4f} .. {high:.4f}"


def _caption(found: PolicyEvaluation, trials: Trials) -> str:
    verdict = found.verdict
    return (
        f"{verdict.n:,} impressions, worth {verdict.effective_n:,.0f} under this policy; "
        f"largest weight {verdict.weight_max:.1f}\n"
        f"left out: {found.below_floor:,} below the floor, {found.unmatched:,} without an arm of "
        f"its; {_said(trials)}"
    )


def _said(trials: Trials) -> str:
    return f"{trials.pending:,} not settled, {trials.unreadable:,} records unreadable"


def as_values(found: PolicyEvaluation, trials: Trials) -> dict[str, Any]:
    """The verdict, for programs."""
    values = found.verdict._asdict()
    for name in ("logged", "ips", "snips", "dr", "always_valid"):
        values[name] = None if values[name] is None else values[name]._asdict()
    return values | {
        "below_floor": found.below_floor,
        "unmatched": found.unmatched,
        "pending": trials.pending,
        "unreadable": trials.unreadable,
    }
