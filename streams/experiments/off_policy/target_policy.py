"""A policy that is to be judged before it runs: probabilities of arms, by context.

```toml
[default]                       # in every context that is not named
bought_together = 0.7
popular = 0.3

[contexts."basket/new"]
popular = 1
```

JSON with the same names will do. The probabilities of each table sum to one. Only arms that were on
offer can be drawn: of these each gets its part, so that `{popular = 0.1, buy_again = 0.9}` means
nine to one where these two are among others. An arm at 0, or not named, is dropped.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from sys import float_info
from typing import Any

from streams.cli.printable import many
from streams.clients.files import beginning
from streams.contract.errors import Misconfigured, NotEnough
from streams.experiments.impressions import Trial

KEYS = {"default", "contexts"}
LIKENESS = 0.7
POLICY_BYTES_MAX = 1 << 20
EXAMPLE_DIGITS = 3
EXAMPLE_HEAD = """# A policy to be judged: how often each arm is to be drawn where it is on offer.
# This one is what ran, on average over {impressions:,} impressions. Change it
# (0 drops an arm), and ask what it would have earned:
#
{command}
#
# Each table sums to 1.
"""
ROUNDING = 1e-5
"""Thirds are written with as many digits as somebody cares for: .333333 will do."""


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How often each arm is to be drawn: by context, or by default.

    >>> in_new = {"basket/new": {"popular": 1.0}}
    >>> target = TargetPolicy({"popular": 0.25, "buy_again": 0.75}, in_new)
    >>> target.propensities({"popular", "buy_again"}, "basket/known")
    {'buy_again': 0.75, 'popular': 0.25}
    >>> target.propensities({"popular", "buy_again"}, "basket/new")
    {'buy_again': 0.0, 'popular': 1.0}

    It has nothing to say where none of its arms is on offer.

    >>> target.propensities({"buy_again"}, "basket/new") is None
    True
    """

    default: Mapping[str, float]
    contexts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def check(self, arms: set[str], contexts: set[str], where: str) -> None:
        """Raises `Misconfigured` for an arm or a context that a log has never seen: a typo, mostly.

        >>> TargetPolicy({"a": 0.5, "bb": 0.5}).check({"a", "b"}, {"basket/new"}, "mine.toml")
        Traceback (most recent call last):
          ...
        streams.contract.errors.Misconfigured: mine.toml: the log never had on offer: bb; it had a,
        b
        """
        tables = (self.default, *self.contexts.values())
        named = {arm for weights in tables for arm, weight in weights.items() if weight > 0.0}
        if unknown := named - arms:
            raise Misconfigured(
                f"{where}: the log never had on offer: {_listed(unknown)}; it had {_listed(arms)}"
                f"{_meant(unknown, arms)}"
            )
        if unknown := self.contexts.keys() - contexts:
            raise Misconfigured(
                f"{where}: the log never had the context: {_listed(unknown)}; it had "
                f"{_listed(contexts)}{_meant(unknown, contexts)}"
            )
        if not self.default and (untold := contexts - self.contexts.keys()):
            said = f"nothing is said of the context: {_listed(untold)}"
            raise Misconfigured(f"{where}: {said}; give it a table, or all others a [default]")

    def propensities(self, offered: set[str], context: str) -> dict[str, float] | None:
        """The probability of each arm on offer; None when it would draw none of them."""
        weights = self.contexts.get(context, self.default)
        total = sum(weights.get(arm, 0.0) for arm in sorted(offered))
        if total <= 0.0:
            return None
        return {arm: weights.get(arm, 0.0) / total for arm in sorted(offered)}


def example_policy(trials: Iterable[Trial], command: str) -> str:
    r"""A policy to begin with, as TOML: how often arms were drawn, and by context as comments.

    `command` is what judges it. Raises `NotEnough` when nothing was drawn.

    >>> half = {"buy_again": 0.5, "popular": 0.5}
    >>> log = [Trial("popular", "basket/new", {"popular": 1.0}, {}, 0.0)] * 2
    >>> log += [Trial("buy_again", "basket/known", half, {}, 0.0)]
    >>> print(example_policy(log, "goeswith off-policy").partition("1.\n")[2].partition("\n\n")[0])
    [default]
    popular = 0.833
    buy_again = 0.167
    """
    drawn: dict[str, dict[str, float]] = {}
    impressions = Counter[str]()
    for trial in trials:
        impressions[trial.context] += 1
        _add(drawn.setdefault(trial.context, {}), trial.propensities)
    if not drawn:
        raise NotEnough("no prompt was shown whose outcome tells what was on offer")
    overall: dict[str, float] = {}
    for of_context in drawn.values():
        _add(overall, of_context)
    typed = "\n".join(f"#   {line}" for line in command.splitlines())
    lines = [EXAMPLE_HEAD.format(impressions=impressions.total(), command=typed) + "[default]"]
    lines += [
        *_shares(overall),
        "",
        "# In single contexts, without the #, these count instead:",
    ]
    for context, of_context in sorted(drawn.items()):
        lines.append(
            f"# [contexts.{json.dumps(context)}]  # {many(impressions[context], 'impressions')}"
        )
        lines += [f"# {line}" for line in _shares(of_context)]
    return "\n".join([*lines, ""])


def _add(sums: dict[str, float], more: Mapping[str, float]) -> None:
    for arm, chance in more.items():
        sums[arm] = sums.get(arm, 0.0) + chance


def _shares(drawn: Mapping[str, float]) -> Iterator[str]:
    """A line for each arm, the most frequent first; rounded so that they sum to 1."""
    parts, total = 10**EXAMPLE_DIGITS, sum(drawn.values())
    exact = {arm: chance / total * parts for arm, chance in drawn.items()}
    whole = {arm: int(share) for arm, share in exact.items()}
    by_rest = sorted(exact, key=lambda arm: (whole[arm] - exact[arm], arm))
    for arm in by_rest[: parts - sum(whole.values())]:
        whole[arm] += 1
    for arm in sorted(whole, key=lambda arm: (-whole[arm], arm)):
        name = arm if re.fullmatch(r"[A-Za-z0-9_-]+", arm) else json.dumps(arm)
        yield f"{name} = {whole[arm] / parts:.{EXAMPLE_DIGITS}f}"


def read_policy(path: Path) -> TargetPolicy:
    """The policy in a TOML or JSON file; raises `Misconfigured`, which says what is wrong."""
    try:
        text = beginning(path, POLICY_BYTES_MAX).decode("utf-8-sig")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misconfigured(f"{path} cannot be read as a policy: {error}") from error
    return policy_of(table, str(path))


def policy_of(table: Any, where: str) -> TargetPolicy:
    """The policy in a table that has been read.

    >>> policy_of({"default": {"popular": -1}}, "mine.toml")
    Traceback (most recent call last):
      ...
    streams.contract.errors.Misconfigured: mine.toml: the default of popular must be a number from 0
    on
    """
    if not isinstance(table, dict) or not isinstance(table.get("contexts", {}), dict):
        raise Misconfigured(f"{where}: give [default] and [contexts.NAME], arms with probabilities")
    if unknown := sorted(table.keys() - KEYS):
        raise Misconfigured(f"{where}: {', '.join(unknown)}: only default and contexts are known")
    if not table.get("default") and not table.get("contexts"):
        raise Misconfigured(f"{where}: there is no arm in it: give [default] or [contexts.NAME]")
    contexts = table.get("contexts", {})
    return TargetPolicy(
        _weights(table.get("default", {}), f"{where}: the default"),
        {name: _weights(arms, f"{where}: {name}: the weight") for name, arms in contexts.items()},
    )


def _weights(arms: Any, what: str) -> dict[str, float]:
    if not isinstance(arms, dict):
        raise Misconfigured(f"{what} must be a table of arms and probabilities")
    for arm, weight in arms.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 <= weight <= float_info.max:
            raise Misconfigured(f"{what} of {arm} must be a number from 0 on")
    if arms and abs((total := sum(map(float, arms.values()))) - 1.0) > ROUNDING:
        table = what.removesuffix(": the weight")
        raise Misconfigured(f"{table}: probabilities must sum to 1, and these to {total:g}")
    return {arm: float(weight) for arm, weight in arms.items()}


def _meant(unknown: Iterable[str], known: set[str]) -> str:
    """What was probably meant, where a name is like one that there is."""
    alike = {
        near for name in unknown for near in get_close_matches(name, sorted(known), 1, LIKENESS)
    }
    return f"; did you mean {_listed(alike)}?" if alike else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
