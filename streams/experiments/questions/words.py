"""A declared question and its answer, in words and for programs."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from streams.cli.printable import many, printable
from streams.contract.events.currencies import decimals
from streams.experiments.declared.register import SLACK_MS, Change, DeclaredExperiment
from streams.experiments.questions.answer import EffectBounds, GuardrailSeen, QuestionAnswer
from streams.experiments.questions.kept import kept_answer

CHANGES_TOLD = 5
MONEY = ("revenue", "margin")
"""Metrics of money: figures of them are in minor units."""
METRICS = {
    "orders": "orders a unit",
    "items": "items bought a unit",
    "returned": "items returned a unit",
    "revenue": "revenue a unit",
    "margin": "margin a unit",
    "reward": "reward an impression",
}


class AnsweredQuestion(NamedTuple):
    """An experiment with its answer by now."""

    one: DeclaredExperiment
    answer: QuestionAnswer
    changes: tuple[Change, ...]
    """Of controls, while it ran."""
    state: str
    """`planned`, `running`, `over` or `ended`."""

    @classmethod
    def of(
        cls,
        one: DeclaredExperiment,
        answer: QuestionAnswer,
        changes: Iterable[Change],
        now_ms: int,
    ) -> Self:
        """With this answer by now; of what somebody ended with the one that was kept."""
        if one.concluded is not None:
            answer = kept_answer(one.concluded)
        return cls(one, answer, tuple(changes), one.state(now_ms))

    @property
    def verdict(self) -> str:
        """In a sentence; of what somebody ended, as it was then."""
        if self.one.concluded is not None:
            return printable(self.one.concluded.verdict, 2_000)
        return verdict(self.one, self.answer, self.state)


def question(one: DeclaredExperiment) -> str:
    """What was asked.

    >>> from streams.contract.schemas.reference_examples import DECLARATION
    >>> question(DeclaredExperiment("spring", DECLARATION, "ann", "why", 1_767_225_600_000))
    'do prompts bring 5 % more orders a unit than holdout-1f has without?'
    """
    asked, least = one.asked, _percent(one.asked.least_effect)
    if asked.arms is not None:
        first, second = map(printable, asked.arms)
        return f"does {first} earn {least} more {METRICS[asked.metric]} than {second}?"
    return (
        f"do prompts bring {least} more {_metric(asked.metric, asked.currency)} than "
        f"{printable(asked.experiment)} has without?"
    )


def verdict(one: DeclaredExperiment, answer: QuestionAnswer, state: str = "running") -> str:
    """What follows by now, in a sentence.

    >>> from streams.contract.schemas.reference_examples import DECLARATION
    >>> one = DeclaredExperiment("spring", DECLARATION, "ann", "why", 1_767_225_600_000)
    >>> found = EffectBounds(0.5, 0.1, 0.04, 0.16, low_part=0.07, high_part=0.34)
    >>> print(verdict(one, QuestionAnswer("more", found)))
    yes, more orders a unit: +20 % (95 % at any look +7 % to +34 %); at least the 5 % that matter
    >>> found = EffectBounds(0.5, 0.0, -0.02, 0.02, low_part=-0.04, high_part=0.04)
    >>> print(verdict(one, QuestionAnswer("smaller", found)))
    no: +0 % orders a unit (95 % at any look -4 % to +4 %) excludes the 5 % that matter
    """
    metric, least = _metric(one.asked.metric, one.asked.currency), _percent(one.asked.least_effect)
    if answer.decision == "refused":
        return f"no verdict: {answer.why}"
    if answer.bounds is None:
        early = "it has not begun" if state == "planned" else answer.why or "too little is known"
        return f"too early to say: {early}"
    said = _spread(answer.bounds, _places(one.asked.metric, one.asked.currency))
    if answer.decision == "more":
        return f"yes, more {metric}: {said}; {_beside(answer.bounds, one.asked.least_effect)}"
    if answer.decision == "less":
        return f"no, fewer {metric}: {said}"
    if answer.decision == "smaller":
        value, _, bounds = said.partition(" (")
        return f"no: {value} {metric} ({bounds} excludes the {least} that matter"
    if state in ("over", "ended"):
        return f"not decided: {metric} {said}; neither no effect nor {least} is excluded"
    return f"too early to say: {metric} {said}; neither no effect nor {least} is excluded"


def guardrail_words(seen: GuardrailSeen, currency: str = "") -> str:
    """What has become of a guardrail.

    >>> found = EffectBounds(100.0, 2.0, -5.0, 9.0, low_part=-0.05, high_part=0.09)
    >>> guardrail_words(GuardrailSeen("margin", 0.1, "kept", found))
    'margin a unit: kept, +2 % (95 % at any look -5 % to +9 %), and may lose 10 %'
    """
    metric, allowed = _metric(seen.metric, currency), _percent(seen.loss_max)
    may = f"and may {'grow by' if seen.metric == 'returned' else 'lose'} {allowed}"
    if seen.bounds is None:
        return f"{metric}: too little is known, {may}"
    state = {"kept": "kept", "broken": "BROKEN", "open": "not settled"}[seen.state]
    said = _spread(seen.bounds, _places(seen.metric, currency))
    return f"{metric}: {state}, {said}, {may}"


def notes_of(asked: AnsweredQuestion) -> list[str]:
    """What else has to be known: guardrails, when it was decided, what was changed meanwhile."""
    one, answer = asked.one, asked.answer
    said = [guardrail_words(seen, one.asked.currency) for seen in answer.guardrails]
    if answer.decided_ms is not None:
        said.append(f"decided by {moment_of(answer.decided_ms)}")
    if one.concluded_by is not None:
        by, at = printable(one.concluded_by.author), moment_of(one.concluded_by.at_ms)
        said.append(f"ended {at} by {by}: {printable(one.concluded_by.reason, 500)}")
    if one.declared_ms > one.asked.start_ms + SLACK_MS:  # no start: the asker's clock named it
        late = moment_of(one.asked.start_ms)
        said.append(f"declared after the start that it names ({late}): figures begin with it")
    said += answer.notes
    if one.attempts:
        tries = many(len(one.attempts), "attempts", "attempt")
        last = one.attempts[-1]
        said.append(
            f"{tries} to change the question after its start (last {moment_of(last.at_ms)} by "
            f"{printable(last.author)}): it stands as it was"
        )
    if asked.changes:
        told = "; ".join(map(_change, asked.changes[-CHANGES_TOLD:]))
        said.append(f"{many(len(asked.changes), 'changes', 'change')} of controls since: {told}")
    elif asked.state != "planned":
        said.append("no control was changed since")
    return said


def question_json(asked: AnsweredQuestion) -> dict[str, Any]:
    """For programs. Bounds are in units, of money in minor ones; `parts` of the other side."""
    one, answer = asked.one, asked.answer
    return {
        "name": one.name,
        "state": asked.state,
        "question": question(one),
        "declared": one.asked.model_dump(mode="json"),
        "author": one.author,
        "reason": one.reason,
        "declared_ms": one.declared_ms,
        "start_ms": one.start_ms,
        "end_ms": one.end_ms,
        "verdict": asked.verdict,
        "decision": one.concluded.decision if one.concluded else answer.decision,
        "decided_ms": answer.decided_ms,
        "bounds": _bounds_json(answer.bounds),
        "sides": list(answer.sides),
        "guardrails": [
            seen._asdict() | {"bounds": _bounds_json(seen.bounds)} for seen in answer.guardrails
        ],
        "notes": notes_of(asked),
        "attempts": [change._asdict() for change in one.attempts],
        "changes": [change._asdict() for change in asked.changes],
        "concluded": None if one.concluded is None else one.concluded.model_dump(mode="json"),
    }


def moment_of(at_ms: int) -> str:
    """A day and a time, in UTC; what no calendar has is told as a number.

    >>> moment_of(1_767_225_600_000)
    '2026-01-01 00:00 UTC'
    """
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"


def _bounds_json(bounds: EffectBounds | None) -> dict[str, Any] | None:
    if bounds is None:
        return None
    parts = bounds.parts()
    named = None if parts is None else dict(zip(("value", "low", "high"), parts, strict=True))
    own = {name: getattr(bounds, name) for name in ("control", "value", "low", "high")}
    return own | {"parts": named}


def _beside(bounds: EffectBounds, least: float) -> str:
    """How the effect is beside the least of interest."""
    told, parts = _percent(least), bounds.parts()
    if parts is not None and parts[1] >= least:
        return f"at least the {told} that matter"
    if parts is not None and parts[2] < least:
        return f"less than the {told} that matter"
    return f"whether it is the {told} that matter is not known yet"


def _spread(bounds: EffectBounds, places: int = 0) -> str:
    """As parts, or in units where there are none: of money, whose minor units have such places.

    >>> _spread(EffectBounds(-400.0, 41.5, 30.0, 53.0), places=2)
    '+0.415 (95 % at any look +0.3 to +0.53)'
    """
    parts = bounds.parts()
    if parts is None:
        own = (one / 10**places for one in (bounds.value, bounds.low, bounds.high))
        value, low, high = (_figure(one, 4, "+") for one in own)
        return f"{value} (95 % at any look {low} to {high})"
    value, low, high = (_signed(part) for part in parts)
    return f"{value} (95 % at any look {low} to {high})"


def _places(metric: str, currency: str) -> int:
    """The decimals of what is told of a metric: sums of money are of minor units.

    >>> [_places(*of) for of in (("margin", "EUR"), ("margin", "JPY"), ("orders", "EUR"))]
    [2, 0, 0]
    """
    return (decimals(currency) or 0) if metric in MONEY else 0


def _metric(metric: str, currency: str) -> str:
    if not (currency and metric in MONEY):
        return METRICS[metric]
    minor = "minor units of " if decimals(currency) is None else ""
    return f"{METRICS[metric]} in {minor}{printable(currency)}"


def _change(change: Change) -> str:
    value, who = printable(change.value, 80), printable(change.author)
    return f"{printable(change.key)} = {value} by {who} {moment_of(change.at_ms)}"


def _signed(part: float) -> str:
    return f"{_figure(100 * part, 3, '+')} %"


def _percent(part: float) -> str:
    return f"{_figure(100 * part, 3)} %"


def _figure(number: float, digits: int, sign: str = "") -> str:
    """A number for people: never by powers of ten, as 1.11e+03.

    >>> _figure(1_110.4, 3, "+"), _figure(-0.00012, 3), _figure(12.5, 3), _figure(0.0, 4, "+")
    ('+1,110', '-0.00012', '12.5', '+0')
    >>> _figure(999.7, 3), _figure(0.0000123, 3), _figure(-4e-12, 3, "+")
    ('1,000', '0.0000123', '-0.000000000004')
    """
    said = f"{number:{sign}.{digits}g}"
    if "e" not in said:
        return said
    size = int(said.rpartition("e")[2])
    return (
        f"{number:{sign},.0f}" if size > 0 else f"{number:{sign}.{digits - 1 - size}f}".rstrip("0")
    )
