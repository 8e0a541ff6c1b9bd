"""What gives the figures of a shop their meaning: the settings and arguments behind them.

Held against those of today, they say of each part of a checkpoint whether it still means the same.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from streams.contract.settings import Settings
from streams.shop.shop import Shop

FOLDING = (
    "event_bytes_max",
    "session_gap_s",
    "sessions_max",
    "view_weight",
    "rank_learning_share",
    "add_weight",
    "attribution_window_s",
    "purchase_window_s",
    "reward_clicked",
    "reward_added",
    "reward_bought",
)
"""The settings that the fold itself reads: others only show in the arguments of the models. How
long things are kept (`basket_ttl_s`, `personal_ttl_s`) gives no figure another meaning."""
IN_MONEY = (
    "reward",
    "reward_scale_minor",
    "dismissal_cost_minor",
    "margin_share",
    "return_cost_share",
    "reward_rates",
)
"""The settings that the fold reads besides where it counts net reward."""
WHY_CHARS_MAX = 400
NO_LONGER_FOLDED = {"future_s_max", "lateness_s"}  # checkpoints of then name them

READING = {
    "context_items",
    "context_decay",
    "row_norm",
    "popularity_norm",
    "together_min",
    "lift_z_min",
    "share_strength",
    "top_max",
    "floor",
    "cell_strength",
    "arm_strength",
    "prior_mean",
    "prior_strength",
    "seed",
    "kept_s",
}
"""Arguments of models that say how figures are read, not what they are. All others count."""

NewShop = Callable[[Settings], Shop]
"""Makes a shop that has seen nothing yet: what its learners are is part of what figures mean."""


Differing = Mapping[str, tuple[str | None, str | None]]
"""What means something else here: what it was and what it is, as JSON; None: there is no such."""


def meaning(settings: Settings, new: NewShop = Shop) -> dict[str, str]:
    """What gives the figures of a shop their meaning, by name, each as JSON.

    >>> said = meaning(Settings())
    >>> said["session_gap_s"], said["popularity.half_life_s"], said["popularity"]
    ('1800.0', '1209600.0', '"Popularity 1"')
    """
    folding = FOLDING if settings.reward == "stages" else (*FOLDING, *IN_MONEY)
    said: dict[str, Any] = {name: getattr(settings, name) for name in folding}
    empty = new(settings.model_copy(update={"receipt_secret": SecretStr("any")}))
    for name, part in empty.parts().items():
        said[name] = f"{type(part).__name__} {part.STATE_VERSION}"
        arguments = part.state().get("params", {})
        said |= {
            f"{name}.{argument}": arguments[argument] for argument in arguments.keys() - READING
        }
    return {name: json.dumps(said[name]) for name in sorted(said)}


def apart(theirs: Mapping[str, str], ours: Mapping[str, str]) -> Differing:
    """What is not the same on both sides, as far as it counts."""
    names = sorted((theirs.keys() | ours.keys()) - NO_LONGER_FOLDED)
    said = {name: (theirs.get(name), ours.get(name)) for name in names}
    return {name: (was, now) for name, (was, now) in said.items() if was != now}


def in_words(other: Differing) -> str:
    """Differences for people, without the arguments of what is another one anyway.

    >>> in_words({"session_gap_s": ("1800.0", "60.0"), "fit": (None, '"BestFit 4"')})
    'session_gap_s was 1800.0, is 60.0; fit was none, is "BestFit 4"'
    """
    return "; ".join(
        f"{name} was {was or 'none'}, is {now or 'none'}"
        for name, (was, now) in other.items()
        if not is_told_with_its_part(name, other)
    )


def is_told_with_its_part(name: str, other: Differing) -> bool:
    """Whether a setting is an argument of what is another one anyway.

    >>> is_told_with_its_part("fit.pace", {"fit": ("A", "B"), "fit.pace": ("1", "2")})
    True
    """
    part, dot, _ = name.partition(".")
    return bool(dot) and part in other


def reasons(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Why each part is no fold of a log, the latest reason first.

    >>> reasons({"popularity": "mixed"}, {"popularity": "converted"})
    {'popularity': 'converted; mixed'}
    """
    return {
        name: "; ".join(filter(None, (now.get(name), before.get(name))))[:WHY_CHARS_MAX]
        for name in sorted(before.keys() | now.keys())
    }
