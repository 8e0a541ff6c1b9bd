"""What the evidence leaves out, in words."""

from streams.cli.printable import many
from streams.experiments.evidence.log_beginning import forgotten
from streams.experiments.impressions import Trials


def left_out(trials: Trials) -> list[str]:
    """What is not counted, in words; nothing where nothing is.

    >>> trials = Trials()
    >>> trials.repeats, trials.impossible = 120_000, 2
    >>> left_out(trials)
    ['120,000 records dropped: published before', '2 records dropped: rewards or propensities that
    cannot be']
    """
    said = {
        "impressions forgotten: more than can be held, so they are not judged": trials.forgotten,
        "prompts left out: outcomes tell no propensities": trials.without_propensities,
        "prompts left out: that they were shown was not read, only what came later": (
            trials.without_shown
        ),
        "records dropped: published before": trials.repeats,
        "records dropped: rewards or propensities that cannot be": trials.impossible,
        "records dropped: unreadable": trials.unreadable,
        "trials whose outcomes add up to less than 0 or more than 1, cut to that": trials.outside,
        "returns forgotten: more than can be held, so rewards may be too high": (
            trials.returns.forgotten
        ),
    }
    lost = [many(count, what) for what, count in said.items() if count]
    return forgotten(trials.begins_ms) + lost
