"""Questions about prompts against the holdout, answered from units: as `goeswith uplift` is."""

from collections.abc import Mapping

from streams.cli.printable import printable
from streams.contract.events.reference.declared import UnitMetric
from streams.contract.wire.numbers import YEAR_9999_MS
from streams.experiments.declared.register import DeclaredExperiment
from streams.experiments.evidence.log_beginning import FORGOTTEN
from streams.experiments.questions.answer import (
    ALPHA,
    Decision,
    GuardrailSeen,
    QuestionAnswer,
    decide,
    decided_by,
    guarded,
    with_parts,
)
from streams.experiments.questions.compared_sides import UnitsCompared
from streams.experiments.uplift.command import Looked, began_within
from streams.experiments.uplift.figures import measure_of, sample, sizes, sums_of
from streams.experiments.uplift.sides import ExperimentSeen
from streams.experiments.uplift.told_rows import missing
from streams.experiments.uplift.units import ExperimentTotals, Units


def answer_of_units(
    one: DeclaredExperiment, looked: Looked, now_ms: int, known: QuestionAnswer | None = None
) -> QuestionAnswer:
    """What units say by now. `known` was said before: when it was decided is not reckoned again."""
    units, id_ = looked.kept.units, one.asked.experiment
    there = {seen.id: seen for seen in units.experiments()}
    notes = _of_other_draws(one, there)
    if id_ not in there:
        return QuestionAnswer(
            "open", None, f"nobody has been assigned to {printable(id_)}", notes=notes
        )
    answer = _answer(one, totals_of(one, units), looked.kept.begins_ms)._replace(notes=notes)
    if answer.decision in ("open", "refused"):
        return answer
    if known is not None and known.decision == answer.decision:
        return answer._replace(decided_ms=known.decided_ms)

    def decided(at_ms: int) -> bool:
        then = units.as_of(at_ms)
        if not then.knows(id_):
            return False
        return _decision(one, _asked(one, totals_of(one, then))) == answer.decision

    return answer._replace(decided_ms=decided_by(decided, one.start_ms, now_ms))


def totals_of(one: DeclaredExperiment, units: Units) -> ExperimentTotals:
    """What its units did. Raises `KeyError` where nobody was assigned."""
    until_ms = YEAR_9999_MS if one.end_ms is None else one.end_ms
    return units.totals(one.asked.experiment, one.start_ms, until_ms)


def _answer(
    one: DeclaredExperiment, totals: ExperimentTotals, begins_ms: int | None
) -> QuestionAnswer:
    split, guardrails = sample(totals), _guardrails(one, totals)
    compared = _asked(one, totals)
    bounds = None if compared is None else with_parts(compared)
    found = QuestionAnswer("refused", bounds, "", sizes(totals), guardrails)
    if begins_ms is not None and not began_within(totals.seen.known_ms, begins_ms):
        return found._replace(why=FORGOTTEN)
    if split.crossed:
        return found._replace(why=f"{split.held_out_shown:,} that are held out were shown prompts")
    if split.alarm:
        return found._replace(why="sample ratio alarm: too many or too few are held out")
    why = missing(totals) if bounds is None else ""
    return found._replace(decision=_decision(one, compared), why=why)


def _decision(one: DeclaredExperiment, compared: UnitsCompared | None) -> Decision:
    return "open" if compared is None else decide(compared, one.asked.least_effect)


def _asked(one: DeclaredExperiment, totals: ExperimentTotals) -> UnitsCompared | None:
    asked = one.asked
    if asked.metric == "reward":
        return None
    return _compared(totals, asked.metric, asked.currency, ALPHA)


def _guardrails(one: DeclaredExperiment, totals: ExperimentTotals) -> tuple[GuardrailSeen, ...]:
    rails, currency = one.asked.guardrails, one.asked.currency
    alpha = ALPHA / max(1, len(rails))
    return tuple(
        guarded(rail.metric, rail.loss_max, _compared(totals, rail.metric, currency, alpha))
        for rail in rails
    )


def _compared(
    totals: ExperimentTotals, metric: UnitMetric, currency: str, alpha: float
) -> UnitsCompared:
    measure = measure_of(metric, currency)
    held, others = (sums_of(side, measure) for side in (totals.held_out, totals.may_get))
    return UnitsCompared(held, others, alpha)


def _of_other_draws(
    one: DeclaredExperiment, there: Mapping[str, ExperimentSeen]
) -> tuple[str, ...]:
    """That share or salt was changed: such units are of another draw, and are not counted."""
    name = one.asked.experiment.rpartition("-")[0]
    others = sorted(id_ for id_ in there if id_.rpartition("-")[0] == name)
    later = [
        printable(id_)
        for id_ in others
        if id_ != one.asked.experiment and there[id_].last_ms > one.start_ms
    ]
    if not later:
        return ()
    said = f"share or salt is another one since: units of {', '.join(later)} are not counted, "
    return (said + f"figures are of {printable(one.asked.experiment)} alone",)
