"""The last answer of an experiment that somebody ended, as its end has kept it.

Nothing that comes later changes it: neither orders that come in, nor that the log forgets.
"""

from collections.abc import Mapping
from typing import Any, cast, get_args

from streams.cli.printable import printable
from streams.contract.events.reference.declared import Conclusion
from streams.experiments.questions.answer import (
    Decision,
    EffectBounds,
    GuardrailSeen,
    GuardrailState,
    QuestionAnswer,
)

NOTES = "answer_notes"
"""The answer's own, as that the share is another one since; `notes` are all that were told."""
NOTE_CHARS_MAX = 1_000


def kept_answer(concluded: Conclusion) -> QuestionAnswer:
    """What was kept; of a record that somebody wrote by hand, as much of it as can be read.

    >>> kept_answer(Conclusion(verdict="yes", decision="more", answer={"sides": [40, 60]})).sides
    (40, 60)
    """
    said: Mapping[str, Any] = concluded.answer
    known = concluded.decision in get_args(Decision)
    decided = said.get("decided_ms")
    return QuestionAnswer(
        cast(Decision, concluded.decision) if known else "open",
        _bounds(said.get("bounds")),
        concluded.verdict,
        _sides(said.get("sides")),
        tuple(_guardrails(said.get("guardrails"))),
        decided if type(decided) is int else None,
        _notes(said.get(NOTES)),
    )


def _notes(said: Any) -> tuple[str, ...]:
    """Each as one line: somebody may have written it by hand."""
    told = said if isinstance(said, list) else []
    return tuple(printable(note, NOTE_CHARS_MAX) for note in told if isinstance(note, str))


def _sides(said: Any) -> tuple[int, int]:
    match said:
        case [int(one), int(other)]:
            return one, other
    return 0, 0


def _bounds(said: Any) -> EffectBounds | None:
    if not isinstance(said, Mapping):
        return None
    match [_figure(said.get(name)) for name in ("control", "value", "low", "high")]:
        case [float(control), float(value), float(low), float(high)]:
            parts = said.get("parts")
            told = parts if isinstance(parts, Mapping) else {}
            ends = _figure(told.get("low")), _figure(told.get("high"))
            return EffectBounds(control, value, low, high, *ends)
    return None


def _figure(said: Any) -> float | None:
    """A number as JSON has it; a truth is none."""
    return float(said) if type(said) in (int, float) else None


def _guardrails(said: Any) -> list[GuardrailSeen]:
    found = []
    for one in said if isinstance(said, list) else []:
        match one:
            case {"metric": str(metric), "loss_max": int() | float() as loss, "state": state}:
                if state in get_args(GuardrailState):
                    bounds = _bounds(one.get("bounds"))
                    found.append(GuardrailSeen(metric, float(loss), state, bounds))
    return found
