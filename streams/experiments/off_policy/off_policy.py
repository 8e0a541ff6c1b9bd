"""Off-policy evaluation: what another policy would have earned, from what this one logged.

Settled trials, from the outcomes topic or files; estimates by `models.evaluation.off_policy`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

import click
import numpy as np
from pydantic import ValidationError

from models.evaluation.off_policy import EFFECTIVE_MIN, TooFewEffective, evaluate
from streams.cli.live import show
from streams.cli.options import FiniteRange, typed, with_settings
from streams.cli.printable import many
from streams.cli.progress import progressed_between
from streams.clients.files import lines, written_anew
from streams.clients.log_reader import LogReader, open_reader
from streams.contract.errors import NotEnough
from streams.contract.published.prompts import ANY_PUBLISHED
from streams.contract.settings import Settings
from streams.experiments.evidence.conclusion import RewardScale
from streams.experiments.evidence.left_out import left_out
from streams.experiments.evidence.log_beginning import LogBeginning
from streams.experiments.evidence.outcome_records import add_outcome
from streams.experiments.evidence.quiet_log import quiet_time
from streams.experiments.impressions import SETTLE_S, SWEEP_RECORDS, Trial, Trials
from streams.experiments.off_policy.example_command import judging_words
from streams.experiments.off_policy.tables import PolicyEvaluation, as_values, table, why_nothing
from streams.experiments.off_policy.target_policy import TargetPolicy, example_policy, read_policy

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FLOOR_MIN = 0.01
"""Bounds that rest on a smaller floor are too wide to be of use."""


def evaluated_policy(
    trials: Iterable[Trial],
    target: TargetPolicy,
    *,
    floor: float = 0.05,
    effective_min: float = EFFECTIVE_MIN,
) -> PolicyEvaluation:
    """Judge a target policy by trials; raises `models.evaluation.off_policy.TooFewEffective`.

    What is left out is chosen by what was known before the reward: that changes whom the estimate
    is of, and biases nothing. Where none of the target's arms was on offer it earns nothing.
    Rewards are cut to [0, 1], as the intervals need it.

    >>> half = {"buy_again": 0.5, "popular": 0.5}
    >>> log = [Trial("buy_again", "", half, {}, 0.5), Trial("popular", "", half, {}, 0.1)] * 500
    >>> round(evaluated_policy(log, TargetPolicy({"buy_again": 1.0})).verdict.snips.value, 3)
    0.5
    """
    rows: list[tuple[float, ...]] = []
    below_floor = unmatched = 0
    rare: Counter[str] = Counter()
    for trial in trials:
        if min(trial.propensities.values()) < floor * (1.0 - 1e-9):
            below_floor += 1
            rare.update(arm for arm, p in trial.propensities.items() if p < floor * (1.0 - 1e-9))
            continue
        wanted = target.propensities(set(trial.propensities), trial.context)
        unmatched += wanted is None
        rows.append(_row(trial, wanted))
    if below_floor and not rows:
        raise TooFewEffective(
            f"all {below_floor:,} impressions are left out, as they have propensities below "
            f"GOESWITH_ARM_FLOOR ({floor:g}): was it another one when these were logged?"
        )
    rewards, propensities, wanted_of, expected, by_target, acts = np.array(rows).reshape(-1, 6).T
    verdict = evaluate(
        *(rewards, propensities, wanted_of),
        expected=expected,
        expected_by_target=by_target,
        acts=acts,
        floor=floor,
        effective_min=effective_min,
    )
    return PolicyEvaluation(verdict, below_floor, unmatched, rare)


def _row(trial: Trial, wanted: dict[str, float] | None) -> tuple[float, ...]:
    """Reward, propensity, the target's, expectations of the arm and of the target; if it acts."""
    chances = wanted or {}
    return (
        min(1.0, max(0.0, trial.reward)),
        trial.propensities[trial.arm],
        chances.get(trial.arm, 0.0),
        trial.estimates.get(trial.arm, 0.0),
        sum(p * trial.estimates.get(arm, 0.0) for arm, p in chances.items()),
        float(wanted is not None),
    )


def trials_of_topic(
    settings: Settings, trials: Trials, *, save: Path | None = None, quiet: bool = False
) -> list[Trial]:
    """What is settled of the topic; raises `Misconfigured` for a file that cannot be made."""
    saved: AbstractContextManager[IO[bytes] | None]
    saved = nullcontext() if save is None else written_anew(save)
    trials.quiet = quiet_time(settings)
    with saved as file, open_reader(settings, settings.topics.outcomes) as reader:
        return trials_of_log(reader, trials, save=file, quiet=quiet)


def trials_of_log(
    reader: LogReader, trials: Trials, *, save: IO[bytes] | None = None, quiet: bool = True
) -> list[Trial]:
    """What is settled, as far as there is anything to read; settled while it is read.

    What can be read is saved as lines, if wanted: `trials_of_files` reads them.
    """
    found, begins, ends = list[Trial](), reader.begins(), reader.ends()
    beginning = LogBeginning()
    beginning.look(begins, {}, ends)
    records = progressed_between(reader.between, begins, ends, "reading outcomes", quiet=quiet)
    for number, record in enumerate(records, start=1):
        beginning.read(record)
        value, unreadable = record.value or b"", trials.unreadable
        add_outcome(trials, value, record.at.number, record.timestamp_ms)
        if save is not None and trials.unreadable == unreadable:
            save.write(b" ".join(value.splitlines()) + b"\n")
        if number % SWEEP_RECORDS == 0:
            found += trials.swept(reader.unread())
    trials.begins_ms = beginning.at_ms
    return found + trials.settled()


def trials_of_files(prompts: Path | None, outcomes: Path, trials: Trials) -> list[Trial]:
    """What files of JSON lines hold: outcomes, and prompts where their outcomes tell too little."""
    for line in lines(prompts) if prompts else ():
        try:
            trials.add(ANY_PUBLISHED.validate_json(line))
        except ValidationError:
            trials.unreadable += 1
    for line in lines(outcomes):
        add_outcome(trials, line)
    return trials.settled()


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--policy", type=FILE, metavar="FILE", help="The policy to be evaluated: see above.")
@click.option(
    "--example", type=NEW_FILE, metavar="FILE", help="Write a policy to begin with: what ran."
)
@click.option(
    "--save", type=NEW_FILE, metavar="FILE", help="Keep what the topic has, for --outcomes."
)
@click.option(
    "--outcomes", type=FILE, metavar="FILE", help="Outcomes as JSON lines, instead of the topic."
)
@click.option(
    "--prompts", type=FILE, metavar="FILE", help="Their prompts, where outcomes tell too little."
)
@click.option(
    "--settle",
    "settle_s",
    type=FiniteRange(min=0),
    default=SETTLE_S,
    show_default=True,
    metavar="SECONDS",
    help="How long an impression may earn before it counts.",
)
@click.option(
    "--effective-min",
    type=FiniteRange(min=2),
    default=EFFECTIVE_MIN,
    show_default=True,
    metavar="N",
    help="Least effective sample size; below it there is no estimate, and the exit code is 1.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def off_policy(
    settings: Settings,
    policy: Path | None,
    example: Path | None,
    save: Path | None,
    outcomes: Path | None,
    prompts: Path | None,
    settle_s: float,
    effective_min: float,
    as_json: bool,
) -> None:
    """Off-policy evaluation: what another policy would have earned, from what this one logged.

    The policy is a TOML file (or JSON of the same shape) with the probability of each arm, by
    context where it matters; each table sums to 1. Only arms that were on offer count, each by its
    part; where none was, the policy stays silent and earns 0. An arm or a context that the log
    never had is refused.

    \b
        [default]
        bought_together = 0.7
        popular = 0.3
        [contexts."basket/new"]
        popular = 1

    --example writes such a file, of what ran, and says how to judge it.

    Only shown prompts count, with what they earned within the settling time. IPS is fair and noisy,
    SNIPS steadier, DR leans on the logged expectations; their bounds hold at one look, those of
    "at every look" always: the policy is better than the one that ran when those of the difference
    exclude 0. A policy too unlike the one that ran is refused: the effective sample size says how
    many decisions of the log speak for it.

    --json prints `n`, `effective_n`, `weight_max`, `below_floor` (left out, also
    `below_floor_by_arm`; `one_sided`: so many that nothing follows), `unmatched` (counted as
    0), what is not judged: `pending`, `forgotten`, `without_propensities`, `without_shown`,
    `repeats`, `impossible`, `unreadable`, `returns_forgotten`; `outside` (cut to [0, 1]),
    `settle_s`, `log_begins_ms` (null: it has forgotten nothing), `logged`, `ips`, `snips`, `dr`,
    `difference` (each `value`, `se`, `low`, `high`), `always_valid` and `difference_always_valid`
    (`value`, `low`, `high`).
    """  # noqa: D301  # no raw string: click keeps the lines of a paragraph behind a real \b
    file = _file_of(policy, example, save, outcomes, prompts)
    target = read_policy(file) if policy else None
    trials = Trials(0.0 if example else settle_s * 1000, in_money=settings.reward == "net")

    def read() -> list[Trial]:
        if outcomes is not None:
            return trials_of_files(prompts, outcomes, trials)
        return trials_of_topic(settings, trials, save=save, quiet=as_json)

    if target is None:
        _write_example(settings, read, file, settle_s)
        return
    if not (log := read()):
        raise NotEnough(
            f"{file.name} cannot be judged: {why_nothing(trials, outcomes is not None)}"
        )
    arms = {arm for trial in log for arm in trial.propensities}
    target.check(arms, {trial.context for trial in log}, file.name)
    floor = max(settings.arm_floor, FLOOR_MIN)
    try:
        found = evaluated_policy(log, target, floor=floor, effective_min=effective_min)
    except TooFewEffective as few:
        pending = [f"{trials.pending:,} not settled"] if trials.pending else []
        said = "; ".join([str(few), *pending, *left_out(trials)])
        raise NotEnough(f"{file.name} cannot be judged: {said}") from few
    if as_json:
        click.echo(json.dumps(as_values(found, trials)))
    else:
        show(table(found, trials, RewardScale.of(settings)))


def _file_of(
    policy: Path | None,
    example: Path | None,
    save: Path | None,
    outcomes: Path | None,
    prompts: Path | None,
) -> Path:
    """The policy's file; raises `UsageError` for options that do not go together."""
    file = policy or example
    if file is None or (policy and example):
        raise click.UsageError("give --policy FILE; --example FILE writes one to begin with")
    if save is not None and outcomes is not None:
        raise click.UsageError("--save keeps what the topic has: not with --outcomes")
    if prompts is not None and outcomes is None:
        raise click.UsageError("--prompts belong to --outcomes: give both, or outcomes alone")
    if save is not None and save == example:
        raise click.UsageError("--save and --example write two files: give two names")
    return file


def _write_example(
    settings: Settings, read: Callable[[], list[Trial]], file: Path, settle_s: float
) -> None:
    """Write a policy to begin with, and say how to judge it; never over a file that is there."""
    with written_anew(file) as new:
        log = read()
        command = typed(settings, *judging_words(file, log, settle_s))
        new.write(example_policy(log, command).encode())
    click.echo(
        f"{file} is what ran, by {many(len(log), 'impressions')}. Change it, and ask:\n\n{command}"
    )
