"""Declarations and ends of experiments, checked before they are sent; by a command or a page."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from streams.cli.printable import printable
from streams.contract.errors import Misconfigured
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.control import VALUE_BYTES_MAX, ControlRecord
from streams.contract.events.reference.declared import (
    MONEY,
    NAME_PATTERN,
    Conclusion,
    Declaration,
    key_of_conclusion,
    key_of_declaration,
)
from streams.contract.settings import Settings
from streams.experiments.declared.register import EXPERIMENTS_MAX, SLACK_MS, Register
from streams.experiments.questions.kept import NOTES
from streams.experiments.questions.words import AnsweredQuestion, moment_of, question_json
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.shop.people.assignment import Experiment

NAME = re.compile(NAME_PATTERN)
KEPT = ("decision", "decided_ms", "bounds", "sides", "guardrails", "notes")
"""Figures that the end keeps."""
VERDICT_CHARS_MAX = 2_000


def declaration(
    settings: Settings,
    metric: str,
    least_percent: float,
    guardrails: Iterable[str] = (),
    arms: str = "",
    currency: str | None = None,
    start_ms: int = 0,
    end_ms: int | None = None,
    settle_s: float | None = None,
) -> Declaration:
    """What is asked, from what was typed. Raises `Misconfigured` for what cannot be asked."""
    said: dict[str, Any] = {
        "metric": metric,
        "least_effect": least_percent / 100.0,
        "guardrails": [_guardrail(one) for one in guardrails],
        "currency": currency or "",
        "start_ms": start_ms,
        "end_ms": end_ms,
    }
    if settle_s is not None:
        said["settle_s"] = settle_s
    if arms:
        said["arms"] = arms_of(arms)
    else:
        said["experiment"] = _experiment(settings)
    named = [metric, *(one["metric"] for one in said["guardrails"])]
    if currency is None and any(name in MONEY for name in named):
        raise Misconfigured("--currency: money is compared within one; '' where orders tell none")
    try:
        return Declaration.model_validate(said)
    except ValidationError as invalid:
        told = reasons(invalid).removeprefix("record: ")
        raise Misconfigured(f"this cannot be asked: {told}") from None


def declared_record(
    register: Register, name: str, asked: Declaration, author: str, reason: str, now_ms: int
) -> ControlRecord:
    """The record that declares it. Raises `Misconfigured` for one that began, or had a name."""
    if NAME.fullmatch(name) is None:
        raise Misconfigured(f"{printable(name)} is no name: a-z, 0-9, - and _, 60 at most")
    if not register.has_room(name):
        raise Misconfigured(
            f"{EXPERIMENTS_MAX} experiments are known, and there is room for no more: set the "
            "declaration of a planned one to null, or use another --prefix"
        )
    known = register.find(name)
    if known is not None and (known.start_ms <= now_ms or known.concluded_by is not None):
        raise Misconfigured(
            f"experiment {name} has begun, or was ended: what it asks stands; ask under another "
            "name"
        )
    if asked.start_ms < now_ms - SLACK_MS:
        raise Misconfigured(
            f"--start: {moment_of(asked.start_ms)} is past, and nothing is declared afterwards: "
            "without --start it begins now"
        )
    value = asked.model_dump(mode="json", exclude_defaults=True)
    return _record(key_of_declaration(name), value, author, reason, now_ms)


def concluded_record(
    asked: AnsweredQuestion, author: str, reason: str, now_ms: int
) -> ControlRecord:
    """The record that ends it, with its last verdict. Raises `Misconfigured` if it has ended."""
    if asked.one.concluded_by is not None:
        raise Misconfigured(f"experiment {asked.one.name} has ended already: its verdict stands")
    said = question_json(asked)
    kept = {name: said[name] for name in KEPT} | {NOTES: list(asked.answer.notes)}
    verdict = asked.verdict[:VERDICT_CHARS_MAX]
    conclusion = Conclusion(verdict=verdict, decision=asked.answer.decision, answer=kept)
    value = conclusion.model_dump(mode="json")
    if len(json.dumps(value)) > VALUE_BYTES_MAX // 2:
        value["answer"] = {}
    return _record(key_of_conclusion(asked.one.name), value, author, reason, now_ms)


def time_of(said: str, option: str) -> int:
    """A time as it was typed, in milliseconds since 1970; without a zone it is UTC.

    >>> time_of("2026-01-01", "--start"), time_of("2026-01-01T01:00+01:00", "--start")
    (1767225600000, 1767225600000)
    """
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        told = f"{option} {printable(said)}: a time is wanted as 2026-12-01 or 2026-12-01T08:00"
        raise Misconfigured(told) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _record(key: str, value: Any, author: str, reason: str, now_ms: int) -> ControlRecord:
    try:
        return ControlRecord(key=key, value=value, author=author, reason=reason, at_ms=now_ms)
    except ValidationError as invalid:
        raise Misconfigured(f"experiment: {printable(reasons(invalid), 500)}") from None


def _guardrail(said: str) -> dict[str, Any]:
    metric, _, percent = said.partition(":")
    try:
        return {"metric": metric.strip(), "loss_max": float(percent) / 100.0}
    except ValueError:
        told = f"--guardrail {printable(said)}: METRIC:PERCENT is wanted, as margin:2"
        raise Misconfigured(told) from None


def arms_of(said: str) -> Sequence[str]:
    """The two arms that were typed; raises `Misconfigured` for anything else."""
    named = [arm.strip() for arm in said.split(",")]
    there = ARM_NAMES
    if len(named) != 2 or any(arm not in there for arm in named):  # noqa: PLR2004  # a pair
        told = f"--arms {printable(said)}: two of these are wanted, as a,b: {', '.join(there)}"
        raise Misconfigured(told)
    return named


def _experiment(settings: Settings) -> str:
    ours = Experiment.of(settings)
    if ours is None:
        raise Misconfigured(
            "nobody is held out by these settings (GOESWITH_HOLDOUT_SHARE): they have to be those "
            "of the workers, or arms are compared (--arms a,b)"
        )
    return ours.id
