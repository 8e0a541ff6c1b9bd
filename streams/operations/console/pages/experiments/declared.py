"""Declared experiments on the page: question and verdict; forms for operators that declare and end.

A form does what `goeswith experiment` does, by the same checks; who may send one is as of controls.
"""

from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from streams.cli.printable import printable
from streams.contract.errors import GoeswithError, Misconfigured
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import Metric
from streams.experiments.declared.reading import found
from streams.experiments.declared.register import Register
from streams.experiments.questions.answer import QuestionAnswer
from streams.experiments.questions.words import (
    AnsweredQuestion,
    moment_of,
    notes_of,
    question,
)
from streams.operations.console.access import Visitor
from streams.operations.console.pages.experiments.controls import sent_by_operator
from streams.operations.console.pages.rendering import Console, Here, rendered
from streams.storefront.reference.declaring.records import (
    concluded_record,
    declaration,
    declared_record,
    time_of,
)

router = APIRouter()
PATH = "/experiments/declared"
SHOWN_MAX = 20
NO_CURRENCY = "none"
BADGES = {"running": "well", "planned": "", "over": "warn", "ended": ""}
NOT_READ = QuestionAnswer("open", None, "outcomes have not been read yet")


@router.get(PATH)
async def back(_: Here) -> Response:
    """Whoever reloads the page of a refusal is back where the forms are."""
    return RedirectResponse("/experiments", 303)


@router.post(PATH)
async def sent(request: Request, here: Here) -> Response:
    """Declare or end what the form says, or say why not."""
    visitor, said = await sent_by_operator(request)
    try:
        record = wanted(here, said, visitor)
        await run_in_threadpool(here.operate, record)
    except GoeswithError as error:
        return rendered(request, "refused_control.html", status=400, said=str(error))
    return RedirectResponse(f"/experiments?changed={record.key}#questions", 303)


def wanted(here: Console, said: dict[str, str], visitor: Visitor) -> ControlRecord:
    """The record that a form asks for. Raises `Misconfigured` for what cannot be."""
    given = {name: value.strip() for name, value in said.items()}
    seen, now_ms = here.sources.controls.reading.value, int(here.clock_s() * 1000)
    if seen is None:
        raise Misconfigured("the control topic has not been read yet: try again in a moment")
    who = visitor.name or given.get("author", ""), given.get("reason", "")
    name = given.get("name", "")
    if given.get("what") == "end":
        one = found(seen.register, name)
        if one.start_ms <= now_ms:
            _check_read(here, one.name)
        (asked,) = (each for each in asked_of(here, every=True) if each.one.name == one.name)
        return concluded_record(asked, *who, now_ms)
    start, end = given.get("start", ""), given.get("end", "")
    metric = given.get("metric", "")
    asked_now = declaration(
        here.settings,
        metric,
        _percent(given.get("least_effect", "")),
        [one.strip() for one in given.get("guardrails", "").split(",") if one.strip()],
        given.get("arms", ""),
        _currency(given.get("currency", "")),
        time_of(start, "start") if start else now_ms,
        time_of(end, "end") if end else None,
    )
    return declared_record(seen.register, name, asked_now, *who, now_ms)


def shown(here: Console) -> dict[str, Any]:
    """What was declared, with its verdict by now, and what a form may choose from."""
    asked = asked_of(here)
    return {
        "questions": [_told(one) for one in asked],
        "endings": [one.one.name for one in asked if one.state != "ended"],
        "metrics": get_args(Metric),
    }


def asked_of(here: Console, *, every: bool = False) -> list[AnsweredQuestion]:
    """The questions with their answers by now, what began last first."""
    seen, outcomes = here.sources.controls.reading.value, here.sources.outcomes.reading.value
    register = Register() if seen is None else seen.register
    answers = {} if outcomes is None else outcomes.answers
    there, now_ms = register.all(), int(here.clock_s() * 1000)
    return [
        AnsweredQuestion.of(one, answers.get(one.name, NOT_READ), register.changes_of(one), now_ms)
        for one in (there if every else there[:SHOWN_MAX])
    ]


def _told(asked: AnsweredQuestion) -> dict[str, Any]:
    one = asked.one
    ends = "" if one.end_ms is None else f" to {moment_of(one.end_ms)}"
    return {
        "name": one.name,
        "state": asked.state,
        "badge": BADGES[asked.state],
        "when": f"from {moment_of(one.start_ms)}{ends}",
        "question": question(one),
        "verdict": asked.verdict,
        "notes": notes_of(asked),
        "why": f"declared by {printable(one.author)}: {printable(one.reason, 500)}",
    }


def _check_read(here: Console, name: str) -> None:
    """Raise `Misconfigured` where the last verdict would be kept of less than the whole topic."""
    outcomes = here.sources.outcomes.reading.value
    if outcomes is None or outcomes.read_share < 1.0:
        raise Misconfigured("outcomes are still being read: end it when all of them are")
    if name not in outcomes.answers:
        raise Misconfigured(
            f"the console answers the latest questions, and {name} is none of them: "
            f"`goeswith experiment end {name}` reads all of the topic, and ends it"
        )


def _currency(said: str) -> str | None:
    """A code; none was said; or `none`, where orders tell none."""
    return "" if said.lower() == NO_CURRENCY else said or None


def _percent(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise Misconfigured(f"least effect {printable(said)}: a number is wanted") from None
