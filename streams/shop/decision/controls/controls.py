"""The controls that stand, and what a decision has of them; no control is ever folded.

What a decision was drawn from travels in its receipt, so that what is learned and what is estimated
is right whatever was set when. Workers that follow less far decide by the former controls for a
moment, each from the vector that it logs.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from models.bandit.propensity import NO_LIMITS, ShareLimits, draw
from streams.contract.errors import InvalidReference
from streams.contract.events.reference.bundles import PREFIX as BUNDLES
from streams.contract.events.reference.bundles import bundle_terms
from streams.contract.events.reference.curated import PREFIX as CURATED
from streams.contract.events.reference.curated import curated_items
from streams.contract.events.reference.loyalty import KEY as LOYALTY
from streams.contract.events.reference.loyalty import LoyaltyProgram, loyalty_program
from streams.contract.settings import Settings
from streams.shop.decision.arms import ARMS, Arm
from streams.shop.decision.catalog.catalog import FULL
from streams.shop.decision.catalog.curation import Curation
from streams.shop.decision.controls.arm_names import NEEDING
from streams.shop.decision.controls.registry import checked, known
from streams.shop.decision.slots.bundles import Bundles

CONTROLS_MAX = 10_000
LIMITING = {
    "prompts.per_session_max": "prompts_per_session_max",
    "prompts.cool_down_s": "cool_down_s",
}
"""Controls that stand in the place of a setting."""
OF_CATALOG = frozenset({"items.hidden", LOYALTY})
"""Controls that decisions have of their catalogue."""


class Controlled(NamedTuple):
    """What one decision goes by while controls are set."""

    settings: Settings
    """The settings, with what controls have put in the place of some."""
    paused: bool
    """Whether nothing is offered to anybody."""
    arms: Mapping[str, Arm]
    """The arms that are drawn."""
    idle: Mapping[str, Arm]
    """The arms that are not: off, in shadow, or with no share."""
    shadow: tuple[str, ...]
    """Those of them that are compared."""
    limits: ShareLimits
    off: frozenset[str] = frozenset()
    """Of the arms that need more than the log those that are not drawn."""
    sources: Mapping[str, Arm] = MappingProxyType({})
    """Those in shadow: the top-up and the points choose among what they propose, as if they were
    drawn. Nothing is held against them, they are not to be said alone for a while. An arm that is
    off, or has no share, may have been stopped for what it proposes: of that nobody chooses."""

    def speaks(self, offered: Collection[str], seed: bytes) -> bool:
        """Whether one of the arms on offer is drawn at all.

        Where each of them is capped, and all caps together are less than 1, the rest of the
        decisions is silence: so no arm is drawn more often than its cap says, whatever else fits.
        """
        caps = self.limits.of(offered)
        room = sum(caps) if caps else 1.0
        return room >= 1.0 or draw({"speak": room, "rest": 1.0 - room}, seed + b" rest") == "speak"


class Controls:
    """The controls that are set, as a worker follows them.

    >>> controls = Controls(Settings())
    >>> controls.now is None
    True
    >>> controls.put("arms.popular.state", "off", size=90)
    >>> controls.now.arms.keys() ^ ARMS.keys()
    {'popular'}
    """

    def __init__(self, settings: Settings, arms: Mapping[str, Arm] = ARMS) -> None:
        self.settings, self.arms = settings, arms
        self.values: dict[str, Any] = {}
        """What is decided by."""
        self.notes: dict[str, int] = {}
        """Of all others only their size, in bytes."""
        self.hidden: frozenset[str] = frozenset()
        """Items that are offered to nobody."""
        self.curation = Curation()
        """What people say goes with an item."""
        self.bundles = Bundles()
        """What is cheaper together."""
        self.loyalty: LoyaltyProgram | None = None
        """What members get for what they pay."""
        self.now: Controlled | None = None
        """What decisions go by; None: no control is set, and the settings hold."""
        self.stopped: frozenset[str] = frozenset()
        """The arms that are not drawn: off, in shadow, or with no share."""

    def __len__(self) -> int:
        """How many are set."""
        return len(self.values) + len(self.notes) + len(self.curation) + len(self.bundles)

    def put(self, key: str, value: Any, size: int) -> None:
        """A control as it is from now on; None: it is set no longer.

        Raises `InvalidReference` for what it cannot be, or where there is no room; it is as it was.
        """
        value = checked(key, value, self.arms)
        new = value is not None and not self._has(key)
        if new and len(self) >= CONTROLS_MAX:
            raise InvalidReference(FULL, f"there is no room for more controls than {CONTROLS_MAX}")
        if key.startswith(CURATED):
            self.curation.take_out(key)
            if value is not None:
                self.curation.put(key, *curated_items(key, value))
            return
        if key.startswith(BUNDLES):
            self.bundles.take_out(key.removeprefix(BUNDLES))
            if value is not None:
                self.bundles.put(*bundle_terms(key, value))
            return
        if known(key) is None:
            self.notes.pop(key, None)
            if value is not None:
                self.notes[key] = size
            return
        self.values.pop(key, None)
        if value is not None:
            self.values[key] = value
        self._follow()

    def _has(self, key: str) -> bool:
        if key.startswith(BUNDLES):
            return key.removeprefix(BUNDLES) in self.bundles
        return key in self.values or key in self.notes or key in self.curation

    def forget(self) -> None:
        """The topic is another one now: nothing of what it held is set."""
        self.values.clear()
        self.notes.clear()
        self.curation.clear()
        self.bundles.clear()
        self._follow()

    def _follow(self) -> None:
        """Work out what decisions go by: at each change, so that no decision has to."""
        self.hidden = frozenset(self.values.get("items.hidden", ()))
        told = self.values.get(LOYALTY)
        self.loyalty = None if told is None else loyalty_program(told)
        decided = {key: value for key, value in self.values.items() if key not in OF_CATALOG}
        self.now = self._controlled(decided) if decided else None
        self.stopped = frozenset() if self.now is None else self.now.off.union(self.now.idle)

    def _controlled(self, values: Mapping[str, Any]) -> Controlled:
        names = (*self.arms, *NEEDING)
        states = {arm: values.get(f"arms.{arm}.state", "on") for arm in names}
        shares = {arm: float(values.get(f"arms.{arm}.share_max", 1.0)) for arm in names}
        drawn = [arm for arm in names if states[arm] == "on" and shares[arm]]
        caps = tuple((arm, shares[arm]) for arm in drawn if shares[arm] < 1.0)
        floor = values.get("policy.floor")
        items_max = min(self.settings.prompt_items_max, values.get("prompts.items_max", 3))
        update = {name: values[key] for key, name in LIMITING.items() if key in values}
        return Controlled(
            self.settings.model_copy(update=update | {"prompt_items_max": items_max}),
            bool(values.get("prompts.paused")) or not items_max,
            {arm: one for arm, one in self.arms.items() if arm in drawn},
            {arm: one for arm, one in self.arms.items() if arm not in drawn},
            tuple(arm for arm, state in states.items() if state == "shadow"),
            NO_LIMITS if floor is None and not caps else ShareLimits(floor, caps),
            frozenset({*NEEDING}.difference(drawn)),
            {arm: one for arm, one in self.arms.items() if states[arm] == "shadow"},
        )
