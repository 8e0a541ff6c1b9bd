"""A policy that is to be judged before it runs: probabilities of arms, by context.

```toml
[default]                       # in every context that is not named
bought_together = 0.7
popular = 0.3

[contexts."basket/new"]
popular = 1
```

JSON with the same names will do. Only arms that were on offer can be drawn: of these each gets its
part, so that `{popular = 1, buy_again = 9}` means nine to one where both are there.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from streams.contract.errors import Misconfigured

KEYS = {"default", "contexts"}


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How often each arm is to be drawn: by context, or by default.

    >>> target = TargetPolicy({"popular": 1.0, "buy_again": 3.0}, {"basket/new": {"popular": 1.0}})
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

    def propensities(self, offered: set[str], context: str) -> dict[str, float] | None:
        """The probability of each arm on offer; None when it would draw none of them."""
        weights = self.contexts.get(context, self.default)
        total = sum(weights.get(arm, 0.0) for arm in sorted(offered))
        if total <= 0.0:
            return None
        return {arm: weights.get(arm, 0.0) / total for arm in sorted(offered)}


def read_policy(path: Path) -> TargetPolicy:
    """The policy in a TOML or JSON file; raises `Misconfigured`, which says what is wrong."""
    try:
        text = path.read_text()
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
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
        if not number or not isfinite(weight) or weight < 0:
            raise Misconfigured(f"{what} of {arm} must be a number from 0 on")
    return {arm: float(weight) for arm, weight in arms.items()}
