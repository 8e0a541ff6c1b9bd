"""What the log says afterwards: is every prompt there, and how long did each answer take?"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import orjson
from aiokafka import ConsumerRecord

from streams.contract.events import ItemAdded, ItemViewed
from streams.contract.published.prompts import prompt_id
from streams.shop.people.context import slots_of

Cause = tuple[bytes, str]
"""The session, as the record's key has it, and the id of an event."""


class Completeness(NamedTuple):
    """Prompts by id: how many there are, and how many are lost, unknown, or there once more."""

    prompts: int
    lost: int
    unknown: int
    repeats: int


def completeness(
    asking: Sequence[ItemViewed | ItemAdded], warm_up: int, found: Sequence[str]
) -> Completeness:
    """Whether every event has its prompt; the first `warm_up` need not: little was known then.

    Of one that asks in several slots one has to be there: in others there may be nothing to say.

    >>> from streams.lab.bench.stage.workload import workload
    >>> bread, butter = workload(2)
    >>> completeness([bread, butter], 1, [caused(butter), caused(butter)])
    Completeness(prompts=1, lost=0, unknown=0, repeats=1)
    """
    every = [frozenset(_each_slot(event)) for event in asking]
    there = set(found)
    return Completeness(
        prompts=len(there),
        lost=sum(there.isdisjoint(ids) for ids in every[warm_up:]),
        unknown=len(there.difference(*every)),
        repeats=len(found) - len(there),
    )


def _each_slot(event: ItemViewed | ItemAdded) -> Iterator[str]:
    """The ids of the prompts that an event asks for."""
    for slot in slots_of(event):
        yield prompt_id(event.event_id, event.session_id, slot)


def caused(event: ItemViewed | ItemAdded) -> str:
    """The id of the prompt that an event causes, in its first slot."""
    return prompt_id(event.event_id, event.session_id, slots_of(event)[0])


def prompt_ids(records: Iterable[ConsumerRecord]) -> list[str]:
    """The ids of all prompts in the log, repeats included; withdrawals are none."""
    published = (orjson.loads(record.value) for record in records)
    return [each["prompt_id"] for each in published if each["type"] == "prompt"]


def latencies_ms(
    events: Iterable[ConsumerRecord], outputs: Iterable[ConsumerRecord], measured: set[Cause]
) -> list[int]:
    """From the timestamp of each measured event to that of the first output that it caused."""
    sent_ms = {(e.key, orjson.loads(e.value)["event_id"]): e.timestamp for e in events}
    first_ms: dict[Cause, int] = {}
    for output in outputs:
        published = orjson.loads(output.value)
        cause = output.key, published["caused_by"]
        if published.get("type", "prompt") == "prompt" and cause in measured:
            first_ms[cause] = min(output.timestamp, first_ms.get(cause, output.timestamp))
    return [at_ms - sent_ms[cause] for cause, at_ms in first_ms.items()]
