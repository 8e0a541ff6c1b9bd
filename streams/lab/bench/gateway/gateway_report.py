"""`goeswith bench gateway`: streams, posts and waiting posts under load, and their section."""

import asyncio
from collections.abc import Iterator
from typing import Any

import click
from rich.table import Table

from streams.cli.live import show
from streams.cli.options import FiniteRange
from streams.cli.process.young_garbage import unsearched
from streams.lab.bench.figures.report import bootstrap_option, report, report_options, saying
from streams.lab.bench.figures.results import at_least, at_most, table
from streams.lab.bench.gateway.measure import WARM_UP_S, GatewayLoad, measure

TITLE = "Gateway"
PACKAGES = ("fastapi", "uvicorn", "aiokafka")
ROWS = {
    "event to prompt on the stream": ("stream", False),
    "the same, of a bare FastAPI stream": ("stream", True),
    "event to prompt in the answer (wait_ms)": ("wait_ms", False),
    "a batch of ten to its answer": ("post", False),
    "the same, of a bare FastAPI route": ("post", True),
}


@click.command()
@bootstrap_option
@click.option(
    "--sessions",
    type=click.IntRange(1, 100_000),
    default=5_000,
    show_default=True,
    help="Streams that are open at once, one a session.",
)
@click.option(
    "--rate",
    "rate_per_s",
    type=FiniteRange(1, 20_000),
    default=500.0,
    show_default=True,
    metavar="N",
    help="Events in a second, each answered with a prompt.",
)
@click.option(
    "--seconds",
    type=FiniteRange(1, 600),
    default=20.0,
    show_default=True,
    help="How long each is measured, after a warm-up.",
)
@click.option(
    "--warm-up-seconds",
    "warm_up_s",
    type=FiniteRange(1, 600),
    default=WARM_UP_S,
    show_default=True,
    help="How long a warm-up takes; a broker that has just started compiles itself in it.",
)
@click.option(
    "--pin/--no-pin",
    "pinned",
    default=True,
    show_default=True,
    help="The gateway on a core of its own; the worker, and what asks, on the others.",
)
@report_options
def gateway(
    bootstrap: str,
    sessions: int,
    rate_per_s: float,
    seconds: float,
    warm_up_s: float,
    pinned: bool,
    **how: bool,
) -> None:
    """The gateway with thousands of open streams, beside a bare FastAPI stream.

    From an event's POST to its prompt on the stream of its session; the same in the answer
    (?wait_ms=); events a second in batches of ten, each in Kafka before its answer. What asks is on
    this machine, too. Some two minutes.
    """
    load = GatewayLoad(sessions, rate_per_s, seconds, pinned, warm_up_s)
    with saying() as say, unsearched():
        figures = asyncio.run(measure(bootstrap, load, say))
    report(TITLE, figures, section, _print, PACKAGES, **how)


def measurements(figures: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was measured, by its name for people."""
    for name, (which, bare) in ROWS.items():
        yield name, (figures["bare"] if bare else figures)[which]


def section(figures: dict[str, Any]) -> Iterator[str]:
    """The section of one run, in Markdown."""
    stream, post, waited = figures["stream"], figures["post"], figures["wait_ms"]
    yield (
        f"{figures['sessions']:,} streams, {figures['rate_per_s']:g} events/s, "
        f"{figures['seconds']:g} s each after {figures['warm_up_s']:g} s of warm-up; what asks "
        "shares the machine, and a latency begins when its event was due."
    )
    yield ""
    head = ["", "p50 ms", "p99 ms", "max ms", "cores"]
    yield from table(
        head,
        [
            (name, *(str(one.get(key, "")) for key in ("p50_ms", "p99_ms", "max_ms", "cores")))
            for name, one in measurements(figures)
        ],
    )
    yield ""
    yield f"{stream['prompts']:,} prompts on the streams; {_faults(figures)}."
    yield f"Events a second in batches: {post['events_per_s']:,}; bare: {_bare_rate(figures):,}."
    yield f"KB a stream: {stream['kb_a_stream']}; bare: {figures['bare']['stream']['kb_a_stream']}."
    yield ""
    yield at_most("event to prompt on the stream, p50 in ms", _ms(stream, "p50_ms"), 12.0)
    yield at_most("event to prompt on the stream, p99 in ms", _ms(stream, "p99_ms"), 40.0)
    yield at_most("event to prompt in the answer, p50 in ms", _ms(waited, "p50_ms"), 12.0)
    yield at_most("event to prompt in the answer, p99 in ms", _ms(waited, "p99_ms"), 40.0)
    yield at_most("events without their prompt", stream["unanswered"], 0)
    yield at_most("KB a stream", stream["kb_a_stream"], 40.0)
    yield at_least("events a second in batches", post["events_per_s"], 5_000)


def _print(figures: dict[str, Any]) -> None:
    columns = Table("", "p50 ms", "p99 ms", "max ms", "cores")
    for name, one in measurements(figures):
        cells = (str(one.get(key, "")) for key in ("p50_ms", "p99_ms", "max_ms", "cores"))
        columns.add_row(name, *cells)
    show(columns)
    stream = figures["stream"]
    click.echo(
        f"{stream['prompts']:,} prompts on {figures['sessions']:,} streams, {_faults(figures)}; "
        f"{stream['kb_a_stream']} KB a stream\n"
        f"{figures['post']['events_per_s']:,} events/s in batches of ten, each in Kafka before its "
        f"answer; bare: {_bare_rate(figures):,}"
    )


def _faults(figures: dict[str, Any]) -> str:
    stream = figures["stream"]
    return (
        f"{stream['unanswered']} unanswered, {stream['repeated']} repeated, "
        f"{stream['streams_ended']} streams ended"
    )


def _bare_rate(figures: dict[str, Any]) -> int:
    return int(figures["bare"]["post"]["events_per_s"])


def _ms(one: dict[str, Any], name: str) -> float:
    """Nothing that came is no figure that was reached."""
    return float("inf") if one[name] is None else float(one[name])
