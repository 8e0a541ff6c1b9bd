"""Which controls there are: the name of each, what it may be set to, and what holds without it.

A name that none of them has is a note: it is kept and told, and nothing is decided by it. A name
that is known with a value that it cannot have is refused, by the command, by the console, and by
each worker. Whether a record is refused depends on nothing but itself: workers that have read other
parts of a topic, or a compacted one, stand by the same controls.
"""

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import Id
from streams.contract.events.reference.bundles import PREFIX as BUNDLES
from streams.contract.events.reference.bundles import BundleTerms, bundle_terms
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.curated import PREFIX as CURATED
from streams.contract.events.reference.curated import REFUSED, CuratedItems, curated_items
from streams.contract.events.reference.loyalty import KEY as LOYALTY
from streams.contract.events.reference.loyalty import LoyaltyProgram, loyalty_program
from streams.contract.wire.numbers import FLOOR_MIN, Floor
from streams.shop.decision.arms import ARMS
from streams.shop.decision.controls.arm_names import NEEDING, OFFER_ARMS

HIDDEN_MAX = 1_000
SHARE_MIN = 0.001
"""A share that is smaller, and not 0, would give each of its prompts the weight of thousands."""

ArmState = Literal["on", "off", "shadow"]
"""Whether an arm is drawn; `shadow`: it is not, and what it would offer is compared."""


class Control(NamedTuple):
    """What is known of a control."""

    name: str
    """Its key, with `<arm>` for the name of one, `<item>` for what an item is called by,
    `<name>` for one that its author gives."""
    values: TypeAdapter[Any]
    says: str
    """What it does, for those who set it."""
    without: str
    """What holds while it is not set."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What its keys look like, the arm as a group."""
        name = re.escape(self.name).replace("<item>", ".+").replace("<name>", ".+")
        return re.compile(name.replace("<arm>", "(?P<arm>.+)"))


def _a_share(share: float) -> float:
    """Raises `ValueError` for one that is next to nothing."""
    if 0.0 < share < SHARE_MIN:
        raise ValueError(f"must be 0, or {SHARE_MIN} to 1")
    return share


def _strict(kind: Any, **bounds: Any) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[kind, Field(strict=True, **bounds)])


CONTROLS = (
    Control(
        "arms.<arm>.state",
        TypeAdapter(ArmState),
        "`on`: drawn; `off`: not; `shadow`: not, and what it would offer is counted beside it (no "
        "arm that is made for one basket: `bundle`, `loyalty`, `top_up`, `upgrade`)",
        "on",
    ),
    Control(
        "arms.<arm>.share_max",
        TypeAdapter(Annotated[float, Field(strict=True, ge=0, le=1), AfterValidator(_a_share)]),
        f"the most of all decisions that it may be drawn in (a ramp): 0, or {SHARE_MIN} to 1",
        "1",
    ),
    Control(
        "policy.floor",
        TypeAdapter(Annotated[Floor, Field(strict=True, ge=0)]),
        f"the least propensity of an arm on offer: 0, or {FLOOR_MIN:f} to one part of as many as "
        "there are arms",
        "GOESWITH_ARM_FLOOR",
    ),
    Control(
        "prompts.items_max",
        _strict(int, ge=0, le=3),
        "items in a prompt: 0 (silence) to 3, and never more than the setting allows",
        "GOESWITH_PROMPT_ITEMS_MAX",
    ),
    Control(
        "prompts.per_session_max",
        _strict(int, ge=0, le=1_000),
        "prompts in a visit",
        "GOESWITH_PROMPTS_PER_SESSION_MAX",
    ),
    Control(
        "prompts.cool_down_s",
        _strict(float, ge=0, le=86_400, allow_inf_nan=False),
        "the pause after a prompt, in seconds; each dismissal doubles it",
        "GOESWITH_COOL_DOWN_S",
    ),
    Control(
        "prompts.paused",
        _strict(bool),
        "`true`: nothing is offered to anybody, at once",
        "false",
    ),
    Control(
        "items.hidden",
        TypeAdapter(
            Annotated[list[Annotated[Id, Field(strict=True)]], Field(max_length=HIDDEN_MAX)]
        ),
        f"items that are offered to nobody, or products with all their variants; {HIDDEN_MAX:,} "
        "at most",
        "[]",
    ),
    Control(
        f"{CURATED}<item>",
        TypeAdapter(CuratedItems),
        "what goes with an item by somebody's word, best first, for the arm `curated`: `items`, "
        "and as `source` `merchant`, `editors` or `community`, which shoppers are told",
        "nobody says anything",
    ),
    Control(
        f"{BUNDLES}<name>",
        TypeAdapter(BundleTerms),
        "what is cheaper together, for the arm `bundle`: `items`, 2 to 8, and `discount_minor` by "
        "currency or `discount_per_mille`; needs GOESWITH_CATALOG_PRICES_MAX",
        "there is no such bundle",
    ),
    Control(
        LOYALTY,
        TypeAdapter(LoyaltyProgram),
        "the loyalty programme, for the arm `loyalty`: `points_per_mille` (points for a thousand "
        "minor units, by currency) and `tiers`, called as segments (1000: all of it); of who tells "
        "their balance `tier_begins` (points) and `worth_per_mille` (minor units for a thousand "
        "points, by currency); needs GOESWITH_CATALOG_PRICES_MAX",
        "no prompt names points",
    ),
)


def known(key: str) -> tuple[Control, str] | None:
    """The control of this key, and the arm that it names, if any; None: a note."""
    for control in CONTROLS:
        if found := control.pattern.fullmatch(key):
            return control, found.groupdict().get("arm", "")
    return None


def checked(key: str, value: Any, arms: Collection[str] = tuple(ARMS)) -> Any:
    """The value of a control, or of a note as it is; None: it is set no longer.

    Raises `InvalidReference` for an arm that there is not, and for a value that it cannot have.

    >>> checked("arms.popular.state", "shadow"), checked("colour", "blue"), checked("x", None)
    ('shadow', 'blue', None)
    """
    if value is None or (found := known(key)) is None:
        return value
    control, arm = found
    if arm and arm not in (named := (*arms, *NEEDING)):
        raise InvalidReference(REFUSED, f"there is no arm {arm}: {', '.join(named)}")
    if key.startswith(CURATED):
        curated_items(key, value)
        return value
    if key.startswith(BUNDLES):
        bundle_terms(key, value)
        return value
    if key == LOYALTY:
        loyalty_program(value)
        return value
    try:
        parsed = control.values.validate_python(value)
    except ValidationError as invalid:
        said = reasons(invalid).removeprefix("record: ")
        raise InvalidReference(REFUSED, f"{key}: {said}") from None
    if parsed == "shadow" and arm in OFFER_ARMS:
        said = f"{arm} is made for one basket or page, so nothing can be told of it in shadow"
        raise InvalidReference(REFUSED, f"{key}: {said}: set it on or off")
    if control.name == "policy.floor" and parsed * len(arms) > 1.0 + 1e-9:
        said = f"{parsed:g} is more than each of {len(arms)} arms can have: {1 / len(arms):.3g}"
        raise InvalidReference(REFUSED, f"{key}: {said}")
    return parsed


def check(record: ControlRecord, arms: Collection[str] = tuple(ARMS)) -> ControlRecord:
    """The record, which workers will take. Raises `InvalidReference` for one that they refuse."""
    checked(record.key, record.value, arms)
    return record
