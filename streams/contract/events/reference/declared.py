"""Experiments whose question was asked before: the controls `experiments.<name>.declared`.

A declaration says by which metric is decided, which effect is the least that matters, what must not
get worse, and when it begins. Its end is a record of its own (`experiments.<name>.ended`), with the
last verdict. No worker decides by either: to them they are notes. That they are on the topic of
controls makes it the audit trail: who asked what, when, and why.
"""

import re
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import Currency, Id
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.curated import REFUSED
from streams.contract.wire.numbers import LENIENT, TimeMs

PREFIX = "experiments."
NAME_PATTERN = r"[a-z0-9][a-z0-9_-]{0,59}"
KEYS = re.compile(rf"experiments\.({NAME_PATTERN})\.(declared|ended)")
GUARDRAILS_MAX = 8
PART_MAX = 10.0
"""No effect of ten times what is there has to be waited for."""
SETTLE_S = 600.0

UnitMetric = Literal["orders", "items", "returned", "revenue", "margin"]
"""Of a unit: its orders, items that were bought, items that came back, and money."""
Metric = Literal["orders", "items", "returned", "revenue", "margin", "reward"]
"""The same, or of an impression its reward, by which arms are told apart."""
MONEY = ("revenue", "margin")
Part = Annotated[float, Field(gt=0, le=PART_MAX)]
"""Of what the other side does: .05 is 5 %."""


class MetricGuardrail(BaseModel):
    """What must not get worse."""

    model_config = LENIENT

    metric: UnitMetric
    loss_max: Part
    """By so much of what the held out do it may."""


class Declaration(BaseModel):
    """What is asked, and what will be an answer."""

    model_config = LENIENT

    metric: Metric
    """By which is decided."""
    least_effect: Part
    """The least effect of interest, as a part of what the held out, or the second arm, do."""
    guardrails: Annotated[tuple[MetricGuardrail, ...], Field(max_length=GUARDRAILS_MAX)] = ()
    experiment: Annotated[str, Field(max_length=256)] = ""
    """The id of the holdout that units are compared with; empty: arms are compared."""
    arms: tuple[Id, Id] | None = None
    """Whether the first earns more than the second; None: units are compared with the holdout."""
    currency: Currency | Literal[""] = ""
    """Of revenue and margin; empty: of orders that tell none."""
    start_ms: TimeMs
    end_ms: TimeMs | None = None
    """None: until somebody ends it."""
    settle_s: Annotated[float, Field(ge=0, le=86_400 * 90)] = SETTLE_S
    """Of arms: how long an impression may earn before it is judged."""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        """Raises `ValueError` for a question that nobody could answer."""
        if (self.arms is None) == (self.metric == "reward"):
            raise ValueError("arms are compared by reward, and nothing else is")
        if self.arms is not None and (self.guardrails or self.experiment):
            raise ValueError("arms have no holdout, and their guardrails are `goeswith guardrails`")
        if self.arms is None and not self.experiment:
            raise ValueError("the holdout has no id")
        if self.arms is not None and self.arms[0] == self.arms[1]:
            raise ValueError("an arm is not compared with itself")
        named = [self.metric, *(one.metric for one in self.guardrails)]
        if len({*named}) < len(named):
            raise ValueError("a metric is named twice")
        if self.end_ms is not None and self.end_ms <= self.start_ms:
            raise ValueError("it ends before it begins")
        return self


class Conclusion(BaseModel):
    """How an experiment ended: its last verdict."""

    model_config = LENIENT

    verdict: Annotated[str, Field(min_length=1, max_length=2_000)]
    """In words."""
    decision: Annotated[str, Field(max_length=20)]
    """As `streams.experiments.questions.answer.Decision` has it."""
    answer: dict[str, Any] = Field(default_factory=dict)
    """All figures, as `goeswith experiment show --json` had them."""


Said = TypeVar("Said", Declaration, Conclusion)


def key_of_declaration(name: str) -> str:
    """What it is kept under.

    >>> key_of_declaration("spring"), key_of_conclusion("spring")
    ('experiments.spring.declared', 'experiments.spring.ended')
    """
    return f"{PREFIX}{name}.declared"


def key_of_conclusion(name: str) -> str:
    """The same of its end."""
    return f"{PREFIX}{name}.ended"


def named_by(key: str) -> tuple[str, str] | None:
    """The experiment that a control is about, and `declared` or `ended`; None: it is about none.

    >>> named_by("experiments.spring.ended"), named_by("policy.floor")
    (('spring', 'ended'), None)
    """
    found = KEYS.fullmatch(key)
    return None if found is None else (found[1], found[2])


def read_value(kind: type[Said], key: str, value: Any) -> Said:
    """A declaration or a conclusion; raises `InvalidReference` for what is none.

    >>> read_value(Declaration, "experiments.x.declared", {"metric": "orders"})
    Traceback (most recent call last):
    streams.contract.errors.InvalidReference: experiments.x.declared: least_effect: Field ...
    """
    try:
        return kind.model_validate(value)
    except ValidationError as invalid:
        said = reasons(invalid).removeprefix("record: ")
        raise InvalidReference(REFUSED, f"{key}: {said}") from None
