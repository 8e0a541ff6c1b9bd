"""`goeswith evaluate`: how good the recommenders are on a log of sessions."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streams.evaluate.contestants import CONTESTANTS, Contestant
from streams.evaluate.course import Course, Rules
from streams.evaluate.files import Files
from streams.evaluate.formats import FORMATS
from streams.evaluate.report import show_report
from streams.evaluate.sessions import Session, events

ALL = "all"


Model = Callable[[], Contestant]


@click.command()
@click.option(
    "--train",
    "train_paths",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="What is learned before; may be given several times. Gzipped or not, like --data.",
)
@click.option(
    "--data",
    "data_path",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="What the models are judged on.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(FORMATS)),
    required=True,
    help="Of all files: a session a line; SessionId, ItemId, Time; JSON; or a basket a line.",
)
@click.option(
    "--mode",
    type=click.Choice(["frozen", "online"]),
    default="frozen",
    show_default=True,
    help="Online: each event of the data is learned after it was judged.",
)
@click.option(
    "--model",
    "names",
    type=click.Choice([*CONTESTANTS, ALL]),
    multiple=True,
    default=[ALL],
    show_default=True,
    help="May be given several times.",
)
@click.option(
    "--min-prefix",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Items that a session has to have before the next one is an example.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="SESSIONS", help="Judge the first so many only."
)
@click.option(
    "--rank-last",
    type=click.IntRange(0),
    default=Rules(online=False).rank_last,
    show_default=True,
    metavar="EXAMPLES",
    help="Rankers learn to rank from the last so many examples of the training files.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(0, 100_000),
    default=0,
    metavar="N",
    help="Intervals of 95 % from sessions drawn anew N times; 1000 will do.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of intervals, and of hidden items."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    train_paths: tuple[Path, ...],
    data_path: Path,
    kind: str,
    mode: str,
    names: tuple[str, ...],
    min_prefix: int,
    limit: int | None,
    rank_last: int,
    bootstrap: int,
    seed: int,
    as_json: bool,
) -> None:
    """How good the recommenders are on a log of sessions: score first, then learn.

    Two regimes in one pass: as published, where the next item counts whatever it is; and
    cross-sell, where items of the session are neither offered nor counted. No Kafka is needed.
    """
    files = Files(kind, seed)
    train = [session for path in train_paths for session in files.read(path)]
    data = files.read(data_path)[:limit]
    chosen = CONTESTANTS if ALL in names else {name: CONTESTANTS[name] for name in names}
    rules = Rules(mode == "online", min_prefix, rank_last)
    report = {
        "mode": mode,
        "format": kind,
        "min_prefix": min_prefix,
        "train_sessions": len(train),
        "train_events": events(train),
        "data_sessions": len(data),
        "data_events": events(data),
        "models": judged(chosen, train, data, rules, bootstrap, seed),
    }
    if as_json:
        click.echo(json.dumps(report))
    else:
        show_report(report)


def judged(
    chosen: dict[str, Model],
    train: Sequence[Session],
    data: Sequence[Session],
    rules: Rules,
    resamples: int = 0,
    seed: int = 0,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Each model's figures by regime, one model after the other, under a bar of progress."""
    found = {}
    with _progress(list(chosen), events(train) + events(data)) as advance:
        for name, make in chosen.items():
            course = Course(make(), rules, partial(advance, name))
            course.train(train)
            course.judge(data)
            found[name] = course.figures(resamples, seed)
    return found


@contextmanager
def _progress(names: Sequence[str], steps: int) -> Iterator[Callable[[str, int], None]]:
    """A bar for each model, on stderr, which a call moves on by so many events."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        tasks = {name: progress.add_task(name, total=steps) for name in names}
        yield lambda name, done: progress.advance(tasks[name], done)
