"""`goeswith experiment`: asks a question before the answer can be known, and tells the answer."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from streams.cli.live import say
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import printable
from streams.contract.events.reference.declared import Metric
from streams.contract.settings import Settings
from streams.experiments.declared.reading import found, read_register
from streams.experiments.declared.register import DeclaredExperiment, Register
from streams.experiments.questions.reading import answered
from streams.experiments.questions.words import (
    AnsweredQuestion,
    moment_of,
    notes_of,
    question,
    question_json,
)
from streams.storefront.reference.control_changes import make
from streams.storefront.reference.control_command import because, by_whom
from streams.storefront.reference.declaring.plan_command import kept_in, plan
from streams.storefront.reference.declaring.records import (
    concluded_record,
    declaration,
    declared_record,
    time_of,
)

as_one_object = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def experiment() -> None:
    """Experiments: asks a question before it begins, and tells whether it is decided."""


experiment.add_command(plan)


@experiment.command()
@with_settings("bootstrap", "prefix")
@click.argument("name")
@click.option(
    "--metric",
    type=click.Choice(get_args(Metric)),
    required=True,
    help="By which is decided: of a unit, or `reward` of an impression with --arms.",
)
@click.option(
    "--least-effect",
    type=FiniteRange(min=0.01, max=1000),
    required=True,
    metavar="PERCENT",
    help="The least effect that matters, of what the held out, or the second arm, do.",
)
@click.option(
    "--guardrail",
    "guardrails",
    multiple=True,
    metavar="METRIC:PERCENT",
    help="What must not get worse by more, as margin:2; may be given again.",
)
@click.option("--arms", default="", metavar="A,B", help="Ask whether arm A earns more than B.")
@click.option("--currency", metavar="CODE", help="Of revenue and margin; '': orders tell none.")
@click.option(
    "--start",
    default="",
    metavar="TIME",
    help="From when on it counts; UTC, unless TIME has an offset (+01:00).  [default: now]",
)
@click.option(
    "--end",
    default="",
    metavar="TIME",
    help="Until when; UTC, unless TIME has an offset.  [default: until ended]",
)
@click.option(
    "--settle",
    "settle_s",
    type=FiniteRange(min=0, max=7_776_000),
    metavar="SECONDS",
    help="With --arms: how long an impression may earn.  [default: 600]",
)
@by_whom
@because
@as_one_object
def declare(
    settings: Settings,
    name: str,
    metric: str,
    least_effect: float,
    guardrails: Sequence[str],
    arms: str,
    currency: str | None,
    start: str,
    end: str,
    settle_s: float | None,
    author: str,
    reason: str,
    as_json: bool,
) -> None:
    """Write down what is asked of experiment NAME, before it begins.

    Without --arms prompts are compared with the holdout of these settings, which have to be those
    of the workers. Once it has begun nothing of it can be changed.
    """
    now_ms = _now_ms()
    start_ms = time_of(start, "--start") if start else now_ms
    asked = declaration(
        *(settings, metric, least_effect, guardrails, arms, currency),
        *(start_ms, time_of(end, "--end") if end else None, settle_s),
    )
    record = declared_record(read_register(settings), name, asked, author, reason, now_ms)
    make(settings, record)
    if as_json:
        click.echo(record.model_dump_json())
        return
    one = DeclaredExperiment(name, asked, author, reason, now_ms)
    say(f"{name}: {question(one)}\ncounts from {moment_of(one.start_ms)} on; it stands as asked")


@experiment.command("list")
@with_settings("bootstrap", "prefix")
@kept_in
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def list_(settings: Settings, keep: Path | None, as_json: bool) -> None:
    """List what was declared, each with its verdict by now, the latest first."""
    register = read_register(settings)
    every = _answered(settings, register, register.all(), keep, quiet=as_json)
    for asked in every:
        click.echo(json.dumps(question_json(asked)) if as_json else _in_words(asked))
    if not every and not as_json:
        say("no experiment was declared: `goeswith experiment declare` asks a question")


@experiment.command()
@with_settings("bootstrap", "prefix")
@click.argument("name")
@kept_in
@as_one_object
def show(settings: Settings, name: str, keep: Path | None, as_json: bool) -> None:
    """Tell what was asked of NAME, the verdict, guardrails, and what was changed since.

    Exit code 1: a guardrail is broken, or nothing follows.
    """
    register = read_register(settings)
    one = found(register, name)
    (asked,) = _answered(settings, register, [one], keep, quiet=as_json)
    if as_json:
        click.echo(json.dumps(question_json(asked)))
    else:
        say(_in_words(asked))
    broken = any(seen.state == "broken" for seen in asked.answer.guardrails)
    raise click.exceptions.Exit(1 if broken or asked.answer.decision == "refused" else 0)


@experiment.command()
@with_settings("bootstrap", "prefix")
@click.argument("name")
@by_whom
@because
@kept_in
@as_one_object
def end(
    settings: Settings, name: str, author: str, reason: str, keep: Path | None, as_json: bool
) -> None:
    """End NAME: its verdict by now is its last, and is kept."""
    register = read_register(settings)
    one = found(register, name)
    (asked,) = _answered(settings, register, [one], keep, quiet=as_json)
    record = concluded_record(asked, author, reason, _now_ms())
    make(settings, record)
    click.echo(record.model_dump_json()) if as_json else say(f"{name} has ended: {asked.verdict}")


def _answered(
    settings: Settings,
    register: Register,
    ones: Sequence[DeclaredExperiment],
    keep: Path | None,
    *,
    quiet: bool,
) -> list[AnsweredQuestion]:
    return answered(settings, register, ones, _now_ms(), keep, quiet=quiet)


def _in_words(asked: AnsweredQuestion) -> str:
    one = asked.one
    when = f"from {moment_of(one.start_ms)}"
    if one.end_ms is not None:
        when += f" to {moment_of(one.end_ms)}"
    why = f"declared by {printable(one.author)}: {printable(one.reason, 500)}"
    title = f"{one.name} ({asked.state}, {when}): {question(one)}"
    return "\n".join([title, f"-> {asked.verdict}", *(f"  {n}" for n in (*notes_of(asked), why))])


def _now_ms() -> int:
    return int(time.time() * 1000)
