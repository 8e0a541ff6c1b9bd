"""The contract for machines: a JSON Schema of everything that travels, with an example in each.

Events are described as they are read (what may be left out is optional), what we publish as it is
written. Made from the classes, so they cannot disagree with them. Readers must ignore fields that
they do not know; only optional fields are ever added within a `schema_version`.
"""

from typing import Any

from pydantic import TypeAdapter

from streams.contract.events import ANY_EVENT, EVENTS
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.published.outcomes import (
    ANY_OUTCOME,
    Assigned,
    Ordered,
    Outcome,
    Returned,
    Unmatched,
)
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, PromptWithdrawn
from streams.contract.schemas.examples import EXAMPLES
from streams.contract.schemas.reference_examples import REFERENCE_EXAMPLES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TOPIC_SCHEMAS: dict[str, TypeAdapter[Any]] = {
    "events": ANY_EVENT,
    "prompts": ANY_PUBLISHED,
    "outcomes": ANY_OUTCOME,
}
"""What one topic may hold, by the topic's name."""
READ = {event.model_fields["type"].default: TypeAdapter(event) for event in EVENTS}
WRITTEN: dict[str, TypeAdapter[Any]] = {
    kind.model_fields["type"].default: TypeAdapter(kind)
    for kind in (Prompt, PromptWithdrawn, Outcome, Assigned, Ordered, Returned, Unmatched)
}
REFERENCE: dict[str, TypeAdapter[Any]] = {
    kind.model_fields["type"].default: TypeAdapter(kind) for kind in (CatalogItem, ControlRecord)
}
NAMES = (*READ, *WRITTEN, *REFERENCE, *TOPIC_SCHEMAS)
"""Everything that has a schema: types first, then topics."""


def json_schema(name: str) -> dict[str, Any]:
    """The schema of one type (`item_added`), or of all that a topic holds (`events`).

    `type` is required though the classes have it as their default: readers tell types by it. So is
    `schema_version` of what is published; parts of a record, as an offer, have none.

    >>> json_schema("item_added")["examples"][0]["item_id"]
    'bread'
    >>> json_schema("item_added")["required"]
    ['event_id', 'session_id', 'occurred_at_ms', 'item_id', 'type']
    """
    adapter = {**READ, **WRITTEN, **REFERENCE, **TOPIC_SCHEMAS}[name]
    if name in READ or name in REFERENCE or name == "events":
        schema, always = adapter.json_schema(mode="validation"), ["type"]
    else:
        schema, always = adapter.json_schema(mode="serialization"), ["type", "schema_version"]
    for described in (schema, *schema.get("$defs", {}).values()):
        properties = described.get("properties", {})
        if "type" in properties:
            described["required"] += filter(properties.__contains__, always)
        if name in READ or name == "events":
            take_empty_for_none(described)
    if name in EXAMPLES or name in REFERENCE:
        schema["examples"] = [example(name)]
    return {"$schema": DIALECT, **schema}


def take_empty_for_none(described: dict[str, Any]) -> None:
    """Let an optional text of an event be empty, which is read as if it had been left out.

    >>> club = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}
    >>> take_empty_for_none({"properties": {"segment": club}})
    >>> club
    {'anyOf': [{'type': 'string'}, {'type': 'null'}]}
    """
    for field in described.get("properties", {}).values():
        choices = field.get("anyOf", ())
        if {"type": "null"} in choices:
            for choice in choices:
                choice.pop("minLength", None)


def example(name: str) -> dict[str, Any]:
    """The example of a type, as it is written: without what is left out."""
    known = {**EXAMPLES, **REFERENCE_EXAMPLES}
    said: dict[str, Any] = known[name].model_dump(mode="json", exclude_none=True)
    return said
