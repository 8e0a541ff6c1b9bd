"""Reads a record of the outcomes topic for trials."""

from pydantic import ValidationError

from streams.contract.published.outcomes import ANY_OUTCOME, Outcome, Unmatched
from streams.contract.wire.numbers import foretold
from streams.experiments.impressions import Trials


def add_outcome(trials: Trials, value: bytes, partition: int = 0, at_ms: int = 0) -> Outcome | None:
    """Note a record of the outcomes topic, of this time: the stage that it tells, if that is news.

    What units of an experiment did is nothing to arms, but for what came back of orders. What
    cannot be read, or tells what was still to come, is counted.
    """
    try:
        outcome = ANY_OUTCOME.validate_json(value)
    except ValidationError:
        outcome = None
    if outcome is None or foretold(outcome.occurred_at_ms, at_ms):
        trials.unreadable += 1
        return None
    if isinstance(outcome, Outcome):
        return outcome if trials.add(outcome, partition) else None
    trials.passed(partition, outcome.occurred_at_ms)
    if isinstance(outcome, Unmatched):
        trials.returns.add(outcome)
    return None
