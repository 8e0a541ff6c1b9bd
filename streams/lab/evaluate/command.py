"""`goeswith evaluate`: how good the recommenders are on a log of sessions."""

import json
from pathlib import Path

import click

from streams.lab.evaluate.judging import judged
from streams.lab.evaluate.logs.files import read_log
from streams.lab.evaluate.models import CONTESTANTS
from streams.lab.evaluate.options import log_options
from streams.lab.evaluate.prequential import PrequentialRules
from streams.lab.evaluate.report import show_report

ALL = "all"


@click.command()
@log_options(required=True)
@click.option(
    "--model",
    "names",
    type=click.Choice([*CONTESTANTS, ALL]),
    multiple=True,
    default=[ALL],
    show_default=True,
    metavar="NAME",
    help=f"{', '.join(CONTESTANTS)} or {ALL}; may be given several times.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(0, 100_000),
    default=0,
    metavar="N",
    help="Intervals of 95 % from sessions drawn anew N times; 1000 will do.",
)
def evaluate(
    train_paths: tuple[Path, ...],
    data_path: Path,
    kind: str,
    mode: str,
    min_prefix: int,
    limit: int | None,
    rank_last: int,
    seed: int,
    as_json: bool,
    names: tuple[str, ...],
    bootstrap: int,
) -> None:
    """How good the recommenders are on a log of sessions: score first, then learn.

    Two regimes in one pass: as published, where the next item counts whatever it is; and
    cross-sell, where items of the session are neither offered nor counted. Figures of time are
    microseconds of CPU. No Kafka is needed.
    """
    if mode == "frozen" and not train_paths:
        raise click.UsageError("--mode frozen needs --train: models that learned nothing say none")
    log = read_log(train_paths, data_path, kind, limit, seed)
    chosen = CONTESTANTS if ALL in names else {name: CONTESTANTS[name] for name in names}
    rules = PrequentialRules(mode == "online", min_prefix, rank_last)
    asked = {"mode": mode, "format": kind, "min_prefix": min_prefix}
    models = judged(chosen, log, rules, bootstrap, seed)
    report = {**asked, **log.counts(), "models": models}
    if as_json:
        click.echo(json.dumps(report))
    else:
        show_report(report)
