"""Models judged one after the other on the same log, under bars of progress."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from models.warm import warm
from streams.lab.evaluate.logs.sessions import SessionLog, events
from streams.lab.evaluate.models import EvaluatedModel
from streams.lab.evaluate.prequential import PrequentialRules, PrequentialRun

COLUMNS = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def judged(
    chosen: Mapping[str, Callable[[], EvaluatedModel]],
    log: SessionLog,
    rules: PrequentialRules,
    resamples: int = 0,
    seed: int = 0,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Each model's figures by regime; a model is made when its turn comes, and not kept.

    What is not compiled yet is compiled before: that is not the time of any event.
    """
    warm()
    found = {}
    with _progress(list(chosen), events(log.train) + events(log.data)) as advance:
        for name, make in chosen.items():
            course = PrequentialRun(make(), rules, partial(advance, name))
            course.train(log.train)
            course.judge(log.data)
            found[name] = course.figures(resamples, seed)
    return found


@contextmanager
def _progress(names: Sequence[str], steps: int) -> Iterator[Callable[[str, int], None]]:
    """A bar for each model, on stderr, which a call moves on by so many events."""
    console = Console(stderr=True, highlight=False)
    with Progress(*COLUMNS, console=console, refresh_per_second=4) as progress:
        tasks = {name: progress.add_task(name, total=steps) for name in names}
        yield lambda name, done: progress.advance(tasks[name], done)
