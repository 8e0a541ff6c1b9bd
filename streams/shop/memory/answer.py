"""What one event calls for: a prompt or a silence for each slot, withdrawals and outcomes.

Silence is a value with a reason, not an absence. None of this is on the wire as it stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import orjson

from streams.contract.errors import BadInput
from streams.contract.events.slots import Placement
from streams.contract.published.outcomes import Outcome, UnitOutcome
from streams.contract.published.prompts import Prompt, PromptWithdrawn

SilenceReason = Literal[
    "late",
    "expired",
    "checkout",
    "holdout",
    "session_cap",
    "cool_down",
    "dismissed",
    "returns",
    "duplicate",
    "forgotten",
    "no_candidate",
    "withheld",
    "not_worth",
    "paused",
    "arms_off",
    "ramp",
]

CONSTANT_FIELDS = {
    name: kind.default
    for name, kind in Prompt.model_fields.items()
    if not kind.is_required() and kind.default is not None
}
"""Fields with the same value in nearly all prompts: version, type and kind."""


@dataclass(slots=True, eq=False)
class OutgoingPrompt:
    """A prompt on its way out: what we look at ourselves, and what writes its record.

    A worker writes thousands of prompts a second. To check what it has just put together would cost
    as much as to decide on it: so it is written as it is, and checked by its readers, who read a
    `Prompt` (and by the tests, all of which look at outgoing prompts as prompts). Its fields are
    put together, and its receipt is sealed, when somebody looks first: a round of them costs half
    of what each costs by itself, between two decisions. Only the record is kept of them: fields of
    all prompts on their way were half of what Python's search for cycles had to look at.

    >>> from streams.contract.schemas.examples import PROMPT
    >>> outgoing = OutgoingPrompt.of(PROMPT)
    >>> Prompt.model_validate_json(outgoing.to_json()) == outgoing.prompt() == PROMPT
    True
    """

    prompt_id: str
    session_id: str
    items: tuple[str, ...]
    arm: str
    caused_by: str
    occurred_at_ms: int
    expires_at_ms: int
    placement: Placement
    write: Callable[["OutgoingPrompt"], dict[str, Any]] | None
    """Puts all fields together, in the order of the record, once; None: it has."""
    asked_as: tuple[bool, str | None] | None = None
    """Whether the shopper was known, and the segment that the event named; None: nobody says. It is
    published nowhere."""
    besides: dict[str, Any] | None = None
    """What only few prompts have: another kind, or an offer."""
    _record: bytes = b""

    @classmethod
    def of(cls, prompt: Prompt) -> "OutgoingPrompt":
        """A prompt as it was before it was written."""
        items = tuple(item.item_id for item in prompt.items)
        of = prompt.arm, prompt.caused_by, prompt.occurred_at_ms, prompt.expires_at_ms
        fields = {**CONSTANT_FIELDS, **prompt.model_dump(exclude_none=True)}
        besides = {"offer": fields["offer"]} if "offer" in fields else None
        own = prompt.prompt_id, prompt.session_id, items, *of, prompt.placement
        return cls(*own, lambda _: fields, besides=besides)

    @property
    def fields(self) -> dict[str, Any]:
        """All fields of its record, the receipt among them, as its readers will have them."""
        fields: dict[str, Any] = orjson.loads(self.to_json())
        return fields

    def prompt(self) -> Prompt:
        """As its readers will have it."""
        return Prompt.model_validate_json(self.to_json())

    def to_json(self) -> bytes:
        """The record's value."""
        if self.write is not None:
            self._record, self.write = orjson.dumps(self.write(self)), None
        return self._record


@dataclass(frozen=True, slots=True)
class Silence:
    """The decision to say nothing, and why."""

    reason: SilenceReason


NO_SILENCES: Mapping[Placement, Silence] = MappingProxyType({})


class Answer(NamedTuple):
    """All that one event calls for. An event that asks nothing has neither prompt nor silence."""

    outgoing_prompt: OutgoingPrompt | None = None
    """The first prompt: as a rule the only one."""
    silence: Silence | None = None
    """Why there is no prompt at all; of several slots, why not in the first one."""
    withdrawals: tuple[PromptWithdrawn, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    """The stages that prompts reached."""
    unit_outcomes: tuple[UnitOutcome, ...] = ()
    """What a unit of the experiment did: was assigned, ordered, sent back."""
    rejected: BadInput | None = None
    """The event is of the contract but cannot be believed: to be published as a dead letter."""
    withheld: tuple[str, ...] = ()
    """Why items were not offered that the catalogue keeps out, one reason an item that was met."""
    further_prompts: tuple[OutgoingPrompt, ...] = ()
    """Those for the other slots that the event asked for."""
    silent_slots: Mapping[Placement, Silence] = NO_SILENCES
    """Why there is none in others of them, `silence` among them, where several were asked for."""
    shadowed: tuple[tuple[str, str], ...] = ()
    """Arms in shadow, and what each found beside what was shown."""

    @property
    def outgoing_prompts(self) -> tuple[OutgoingPrompt, ...]:
        """All of them, in the order in which their slots were answered."""
        first = self.outgoing_prompt
        return () if first is None else (first, *self.further_prompts)

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Why there is none, in each slot in which there is none."""
        if self.silent_slots:
            return tuple(self.silent_slots.values())
        return () if self.silence is None else (self.silence,)

    @property
    def prompt(self) -> Prompt | None:
        """The prompt as its readers will have it."""
        return None if self.outgoing_prompt is None else self.outgoing_prompt.prompt()
