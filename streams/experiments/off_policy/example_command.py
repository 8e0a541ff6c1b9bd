"""The command that judges an example as it was asked for: with all options that were given."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from streams.experiments.impressions import Trial

SAID_OTHERWISE = frozenset({"policy", "example", "save", "bootstrap", "prefix"})
"""Options that are said by the caller, or in another way."""


def judging_words(file: Path, trials: Sequence[Trial], settle_s: float) -> list[str]:
    """The words that judge the policy of a file by what the command at hand has read.

    What was saved is read from there. Who gave no settling time gets one that suits the log.
    """
    context = click.get_current_context()
    words = ["off-policy", "--policy", str(file), *_given(context)]
    if saved := context.params.get("save"):
        words += ["--outcomes", str(saved)]
    return words if "--settle" in words else [*words, *settling_words(trials, settle_s)]


def _given(context: click.Context) -> Iterator[str]:
    """The options that were typed, and their values."""
    for option in context.command.params:
        name = option.name or ""
        typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not isinstance(option, click.Option) or not typed or name in SAID_OTHERWISE:
            continue
        yield option.opts[0]
        if not option.is_flag:
            value = context.params[name]
            yield str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def settling_words(trials: Sequence[Trial], settle_s: float) -> list[str]:
    """The words of a command that settle a young log, as a demo's, in a quarter of what it spans.

    None where most of it has been there for `settle_s`.
    """
    latest_s = max((trial.shown_s for trial in trials), default=0.0)
    if 2 * sum(trial.shown_s + settle_s <= latest_s for trial in trials) >= len(trials):
        return []
    span_s = latest_s - min(trial.shown_s for trial in trials)
    return ["--settle", f"{span_s // 4:.0f}"]
