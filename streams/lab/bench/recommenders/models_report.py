"""`goeswith bench models`: the recommenders beside a peer, on one log, in one run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from models.evaluation.ranking import REGIMES
from streams.lab.bench.figures.results import (
    RESULTS,
    at_least,
    at_most,
    table,
    this_command,
    write_section,
)
from streams.lab.bench.recommenders.groceries import groceries
from streams.lab.bench.recommenders.plain_knn import PEER, PEERS
from streams.lab.evaluate.judging import judged
from streams.lab.evaluate.logs.files import read_log
from streams.lab.evaluate.models import CONTESTANTS
from streams.lab.evaluate.options import log_options
from streams.lab.evaluate.prequential import PrequentialRules
from streams.lab.evaluate.report import show_report

RATIOS = ("hr@20", "mrr@20", "learn_us", "recommend_us", "recommend_us_p99", "bytes")
HEAD = ("", "HR@20", "MRR@20", "coverage", "learn µs", "recommend µs", "p99", "MiB", "of its time")
PACKAGES = ("river", "numba")

Figures = Mapping[str, Mapping[str, Mapping[str, Any]]]


@click.command()
@log_options(required=False)
@click.option("--write", "to_write", is_flag=True, help=f"Write the section in {RESULTS}.")
def models(
    train_paths: tuple[Path, ...],
    data_path: Path | None,
    kind: str | None,
    mode: str,
    min_prefix: int,
    limit: int | None,
    rank_last: int,
    seed: int,
    as_json: bool,
    to_write: bool,
) -> None:
    """Every recommender beside session kNN in plain Python, on the same log, in one run.

    Without --data the log is real grocery baskets, one item of each hidden. Ratios are to the peer.
    """
    if data_path is None:
        name, log = "grocery baskets", groceries(limit)
    elif kind is None:
        raise click.UsageError("--data needs --format")
    else:
        name, log = data_path.name, read_log(train_paths, data_path, kind, limit, seed)
    rules = PrequentialRules(mode == "online", min_prefix, rank_last)
    found = judged({**PEERS, **CONTESTANTS}, log, rules)
    report = {
        "log": name,
        "mode": mode,
        "min_prefix": min_prefix,
        **log.counts(),
        "peer": PEER,
        "models": found,
        "ratios": ratios(found),
    }
    if to_write:
        title = f"Models: {name}, {mode}"
        write_section(RESULTS, title, section(report), this_command(), PACKAGES)
    if as_json:
        click.echo(json.dumps(report))
    else:
        show_report(report)


def ratios(found: Figures) -> dict[str, dict[str, dict[str, float | None]]]:
    """Each figure divided by the peer's of this run; None where there is nothing to divide by."""
    return {
        name: {
            regime: {rate: _ratio(figures[rate], found[PEER][regime][rate]) for rate in RATIOS}
            for regime, figures in regimes.items()
        }
        for name, regimes in found.items()
    }


def _ratio(figure: float | None, peers: float | None) -> float | None:
    return None if figure is None or not peers else round(figure / peers, 4)


def section(report: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown, what was lost included."""
    lines = [
        f"Learned first: {report['train_events']:,} events, {report['train_sessions']:,} sessions.",
        f"Judged: {report['data_events']:,} events, {report['data_sessions']:,} sessions.",
        "Times are microseconds of CPU; the last column is the time to recommend, of the peer's.",
    ]
    for regime in REGIMES:
        examples = report["models"][PEER][regime]["examples"]
        rows = [_row(report, name, regime) for name in report["models"]]
        lines += ["", f"{regime}, {examples:,} examples:", "", *table(HEAD, rows)]
    return [*lines, "", *_verdicts(report["models"])]


def _row(report: Mapping[str, Any], name: str, regime: str) -> list[str]:
    figures, ratio = report["models"][name][regime], report["ratios"][name][regime]
    rates = (figures[rate] for rate in ("hr@20", "mrr@20", "coverage@20"))
    times = (figures[time] for time in ("learn_us", "recommend_us", "recommend_us_p99"))
    return [
        name,
        *("-" if rate is None else f"{rate:.4f}" for rate in rates),
        *("-" if time is None else f"{time:.1f}" for time in times),
        f"{figures['bytes'] / 2**20:.1f}",
        "-" if ratio["recommend_us"] is None else f"{ratio['recommend_us']:.2f}",
    ]


def _verdicts(found: Figures) -> Iterator[str]:
    """Whether the best of ours is better than each peer, and at what price."""
    best = max((name for name in found if name not in PEERS), key=lambda name: _hits(found, name))
    for peer in filter(found.__contains__, PEERS):
        for regime in REGIMES:
            ours, theirs = found[best][regime], found[peer][regime]
            for rate in ("hr@20", "mrr@20"):
                if (ratio := _ratio(ours[rate], theirs[rate])) is not None:
                    yield at_least(f"{regime}: {best}'s {rate}, of {peer}'s", ratio, 1.0)
        if (ratio := _ratio(ours["recommend_us"], theirs["recommend_us"])) is not None:
            yield at_most(f"{best}'s time to recommend, of {peer}'s", ratio, 1.0)


def _hits(found: Figures, name: str) -> float:
    return found[name]["published"]["hr@20"] or 0.0
