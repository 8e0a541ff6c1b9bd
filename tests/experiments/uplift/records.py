"""Outcomes as a shop publishes them: units that are assigned, order, and send back."""

from collections.abc import Iterable
from typing import Any

from streams.contract.published.outcomes import (
    AnyOutcome,
    Assigned,
    Ordered,
    Outcome,
    OutcomeLine,
    Returned,
    Unmatched,
)
from streams.contract.schemas.examples import NEW_YEAR_MS, OUTCOME
from streams.experiments.uplift.tables import Findings
from streams.experiments.uplift.units import Units
from streams.shop.people.assignment import Experiment

EXPERIMENT = Experiment("spring", 0.3, "2026")
EACH_MS = 60_000
"""Between two units."""


def assigned(number: int, held: bool | None = None, **more: object) -> Assigned:
    """A unit, on the side that is drawn, or on this one."""
    drawn, unit = EXPERIMENT.draw(f"visitor-{number}")
    return Assigned.model_validate(
        {
            "session_id": f"session-{number}",
            "unit": unit,
            "experiment": EXPERIMENT.id,
            "share": EXPERIMENT.share,
            "holdout": drawn if held is None else held,
            "caused_by": "view",
            "occurred_at_ms": NEW_YEAR_MS + number * EACH_MS,
            **more,
        }
    )


def ordered(of: Assigned, name: str = "1", **quantities: int) -> Ordered:
    """An order of this unit, of things that cost 2.50 EUR each."""
    lines = tuple(
        OutcomeLine(item_id=item, quantity=quantity, value_minor=250 * quantity)
        for item, quantity in (quantities or {"bread": 3}).items()
    )
    quantity = sum(line.quantity for line in lines)
    return Ordered(
        **_side(of),
        order_id=f"{of.session_id}-{name}",
        items=len(lines),
        quantity=quantity,
        value_minor=250 * quantity,
        currency="EUR",
        lines=lines,
        shopper=of.shopper,
        caused_by=f"order-{name}",
        occurred_at_ms=of.occurred_at_ms + 1_000,
    )


def _side(of: Assigned) -> dict[str, Any]:
    return of.model_dump(include={"session_id", "unit", "experiment", "holdout"})


def returned(of: Ordered, event_id: str = "back", **quantities: int) -> Returned:
    """So much of an order comes back; nothing said: all of it."""
    lines = tuple(OutcomeLine(item_id=item, quantity=-n) for item, n in quantities.items())
    return Returned(
        **of.model_dump(include={"session_id", "unit", "experiment", "holdout", "order_id"}),
        items=len(lines),
        quantity=-sum(quantities.values()),
        lines=lines,
        caused_by=event_id,
        occurred_at_ms=of.occurred_at_ms + 1_000,
    )


def unmatched(of: Ordered, session_id: str, **quantities: Any) -> Unmatched:
    """The same, said in another session."""
    back = returned(of, **quantities)
    more = {"session_id": session_id, "type": "unmatched"}
    return Unmatched.model_validate(back.model_dump() | more)


def shown(of: Assigned, after_ms: int = 1_000) -> Outcome:
    """A prompt that was shown to this unit."""
    at_ms = of.occurred_at_ms + after_ms
    who = {"prompt_id": f"prompt of {of.session_id}", "session_id": of.session_id}
    when = {"occurred_at_ms": at_ms, "prompted_at_ms": at_ms}
    return OUTCOME.model_copy(update={**who, **when, "stage": "shown", "reward": 0.0})


def shop(units: int) -> list[AnyOutcome]:
    """Those who may get prompts order every time, those held out every second time."""
    records: list[AnyOutcome] = []
    for number in range(units):
        unit = assigned(number)
        records.append(unit)
        if not unit.holdout or number % 2:
            records.append(ordered(unit))
    return records


def folded(records: Iterable[Any]) -> Units:
    """What the records come to."""
    units = Units()
    for record in records:
        units.add(record)
    return units


def found(records: Iterable[Any], **more: Any) -> Findings:
    """What there is to tell of the latest experiment."""
    units = folded(records)
    seen = units.experiments()
    totals = units.totals(seen[-1].id) if seen else None
    return Findings(totals, unmatched=units.unmatched(), **more)
