"""Outcomes of units: what a unit of the experiment did.

They are *read off* the session, not remembered beside it: whoever answers for an event finds what
that event brought, also when somebody else folded it first. What was ordered before the session was
assigned is not of its unit by that: offsets are compared, and of history that is sent on, times. It
is told as an order of a session that has not asked.

Returns are joined with orders by whoever reads outcomes, by the order's number: so it does not
matter which came first, nor in which session or partition. A return is at most of what was ordered.

An order that a webhook or a till tells as well is told for the session that is on a side, whichever
of the two came first; what comes back in a session that it was not told for is `unmatched`.

A session that has not asked (a payment page's, a webhook's) may be of a unit that has, elsewhere:
on another partition, which nobody can look up here. But a side follows from experiment and visitor
alone. So its order is told with the side of the visitor whom the order names, and with the name of
the shopper; whoever reads outcomes knows whether another session of theirs had been assigned by
then, and which of them has told the order as well.
"""

from collections.abc import Sequence
from typing import Any

from streams.contract.events import (
    Event,
    ItemAdded,
    ItemViewed,
    OrderLine,
    OrderPlaced,
    OrderTakenBack,
)
from streams.contract.published.outcomes import (
    Assigned,
    Ordered,
    OutcomeLine,
    Returned,
    UnitOutcome,
    Unmatched,
)
from streams.contract.settings import Settings
from streams.shop.memory.orders.order import Order
from streams.shop.memory.session import Session
from streams.shop.people.assignment import Assignment, Experiment
from streams.shop.people.context import AskingEvent, asks, is_of_before, told_context
from streams.shop.people.trails import TOLD_TOO


def unit_outcomes(
    session: Session, event: Event, offset: int, experiment: Experiment | None, settings: Settings
) -> tuple[UnitOutcome, ...]:
    """What this event, at this offset, brought to the unit of its session."""
    assignment = session.assignment
    begun: tuple[UnitOutcome, ...] = ()
    if assignment is not None and assignment.event_id == event.event_id and asks(event):
        begun = (_assigned(event, assignment, experiment),)
    if type(event) is ItemViewed or type(event) is ItemAdded:  # as nearly all are
        return begun
    if isinstance(event, OrderTakenBack):
        return _returned(session, event, offset)
    if not isinstance(event, OrderPlaced) or not session.was_ordered_by(event):
        return begun
    if assignment is None or assignment.offset > offset:
        return _known_otherwise(event, offset, experiment)
    if is_of_before(event, assignment.at_ms, settings):
        return _known_otherwise(event, offset, experiment)
    order = session.order_memory.get(event.order_id)
    own = order is None or order.told_for == event.session_id  # else another session told it
    return (*begun, _ordered(event, assignment, experiment)) if own else begun


def _assigned(
    event: AskingEvent, assignment: Assignment, experiment: Experiment | None
) -> Assigned:
    return Assigned(
        session_id=event.session_id,
        **_side(assignment),
        share=assignment.share,
        context=experiment and told_context(event, experiment.segments),
        orders_before=assignment.orders_before,
        shopper=_shopper(event, assignment, experiment),
        caused_by=assignment.event_id,
        occurred_at_ms=assignment.at_ms,
    )


def _ordered(event: OrderPlaced, assignment: Assignment, experiment: Experiment | None) -> Ordered:
    shopper = _shopper(event, assignment, experiment)
    said = _said(event, 1)
    return Ordered(**_side(assignment), **said, currency=event.currency, shopper=shopper)


def _known_otherwise(
    event: OrderPlaced, offset: int, experiment: Experiment | None
) -> tuple[Ordered, ...]:
    """An order of a session that had not asked, where the event says who is there."""
    assignment = None if experiment is None else experiment.assigned(event, offset)
    if assignment is None:
        return ()
    told = _ordered(event, assignment, experiment)
    if event.visitor_id is None and told.shopper is None:
        return ()
    by = "shopper" if event.visitor_id is None else "visitor"
    return (told.model_copy(update={"known_by": by}),)


def _shopper(event: Event, assignment: Assignment, experiment: Experiment | None) -> str | None:
    """The shopper's name in the experiment; in one that is over nobody is named."""
    if experiment is None or experiment.id != assignment.experiment:
        return None
    return experiment.named(event)


def _returned(session: Session, event: OrderTakenBack, offset: int) -> tuple[UnitOutcome, ...]:
    """What came back: of an order of the session's unit, or of one that readers have to join.

    An order that is told after this is not known yet: whoever answers late knows no more. Nor is
    one that another session of the visitor has told.
    """
    assignment, told_by = session.assignment, session.orders.get(event.order_id)
    order = session.order_memory.get(event.order_id)
    own = order is None or order.told_for == event.session_id
    known = (
        told_by not in (None, "", TOLD_TOO) and own and (session.seen.get(told_by) or 0) <= offset
    )
    if known and assignment is not None and assignment.offset <= offset:
        return (Returned(**_side(assignment), **_taken_back(event, order)),)
    return (Unmatched(**_said(event, -1), currency=event.currency),)


def _taken_back(event: OrderTakenBack, order: Order | None) -> dict[str, Any]:
    """What a return says; prices of another currency than the order's say nothing."""
    currency = event.currency if order is None else order.currency
    alike = event.currency in (None, currency)
    return _said(event, -1, priced=alike) | {"currency": currency}


def _side(assignment: Assignment) -> dict[str, Any]:
    return {
        "unit": assignment.unit,
        "experiment": assignment.experiment,
        "holdout": assignment.held_out,
    }


def _said(event: OrderPlaced | OrderTakenBack, sign: int, *, priced: bool = True) -> dict[str, Any]:
    """What the event says, as an outcome: lines of one item added up, with their prices or not."""
    lines = _by_item(event.lines or (), sign, priced=priced)
    values = [line.value_minor for line in lines if line.value_minor is not None]
    margins = [line.margin_minor for line in lines if line.margin_minor is not None]
    return {
        "order_id": event.order_id,
        "session_id": event.session_id,
        "items": len(lines),
        "quantity": sum(line.quantity for line in lines),
        "value_minor": sum(values) if values else None,
        "margin_minor": sum(margins) if margins else None,
        "lines": tuple(lines),
        "caused_by": event.event_id,
        "occurred_at_ms": event.occurred_at_ms,
    }


def _by_item(lines: Sequence[OrderLine], sign: int, *, priced: bool) -> list[OutcomeLine]:
    """The lines by item; an item's worth is that of its lines with a price; so with its margin.

    Of what came back it is that of all its lines, or none: how many a price is of has to be known.
    """
    quantities: dict[str, int] = {}
    values: dict[str, int] = {}
    margins: dict[str, int] = {}
    dearest: dict[str, int] = {}
    for line in lines:
        item, quantity = line.item_id, sign * line.quantity
        quantities[item] = quantities.get(item, 0) + quantity
        if line.price_minor is not None and priced:
            values[item] = values.get(item, 0) + quantity * line.price_minor
            dearest[item] = max(dearest.get(item, 0), line.price_minor)
        if line.margin_minor is not None and priced:
            margins[item] = margins.get(item, 0) + quantity * line.margin_minor
    if sign < 0:
        for line in lines:
            if line.price_minor is None:
                values.pop(line.item_id, None)
    return [
        OutcomeLine(
            item_id=item,
            quantity=quantity,
            value_minor=values.get(item),
            margin_minor=margins.get(item),
            price_max_minor=_above_average(dearest.get(item), values.get(item), quantity),
        )
        for item, quantity in quantities.items()
    ]


def _above_average(price_minor: int | None, value_minor: int | None, pieces: int) -> int | None:
    """A price of an order's item, if it is more than the average, rounded up; of a return none.

    >>> _above_average(500, 600, 2), _above_average(834, 2_500, 3), _above_average(5, -6, -2)
    (500, None, None)
    """
    if price_minor is None or value_minor is None or pieces <= 0:
        return None
    return price_minor if price_minor > -(-value_minor // pieces) else None
