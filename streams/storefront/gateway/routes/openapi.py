"""The description of the gateway for machines (OpenAPI), with the contract's events in it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from streams.contract.events import ANY_EVENT
from streams.storefront.gateway.batches.batch import OF_TOKENS
from streams.storefront.gateway.batches.foreign import FOREIGN
from streams.storefront.gateway.routes.sessions import BODY_SCHEMA
from streams.storefront.intake.adapters import CONTENT_TYPE

TITLE = "goeswith gateway"
SUMMARY = "Events in, prompts out over HTTP: what goes with this?"
DESCRIPTION = (
    "What to send. More is taken than that, as docs/events.md has it: an optional field that is "
    "empty is left out, an empty `shopper_id` is nobody's, and a no to `consent` is one in eleven "
    "words. An address that is not here is refused as `not_found` (404), one that is not asked by "
    "this method as `method` (405); HEAD may stand for GET, but not of the stream."
)
VERSION = "1"
REFERENCE = "#/components/schemas/{model}"
REFUSED = 400
"""From this status on an answer is a refusal."""


def description(app: FastAPI) -> dict[str, Any]:
    """The description of an app's routes; bodies that they read themselves are put in here."""
    said = get_openapi(
        title=TITLE,
        version=VERSION,
        summary=SUMMARY,
        description=DESCRIPTION,
        routes=app.routes,
    )
    schemas = said["components"]["schemas"]
    schemas |= event_schemas()
    event = {"$ref": REFERENCE.format(model="Event")}
    either = {"oneOf": [event, {"type": "array", "items": event}]}
    own = ("application/json", "text/plain")
    foreign = [
        kind
        for name, adapter in FOREIGN.items()
        for kind in (*adapter.content_types, CONTENT_TYPE.format(name))
    ]
    bodies = {kind: {"schema": either} for kind in own} | {kind: {"schema": {}} for kind in foreign}
    said["paths"]["/v1/events"]["post"]["requestBody"] = {"required": True, "content": bodies}
    _refuse_in_json(said["paths"])
    said["paths"]["/v1/webhooks/{source}"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {}}},
    }
    said["paths"]["/v1/sessions"]["post"]["requestBody"] = {
        "content": {"application/json": {"schema": BODY_SCHEMA}}
    }
    return said


def _refuse_in_json(paths: dict[str, dict[str, Any]]) -> None:
    """A refusal is JSON, whatever the route says else, such as a stream."""
    for operations in paths.values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= REFUSED and (content := answer.get("content")):
                    answer["content"] = {"application/json": next(iter(content.values()))}


def event_schemas() -> dict[str, Any]:
    """The schemas of events by name, `Event` for any of them; a token says what they leave out."""
    event = ANY_EVENT.json_schema(ref_template=REFERENCE)
    schemas: dict[str, Any] = event.pop("$defs")
    left_out = {*OF_TOKENS[:1], "occurred_at_ms"}
    for schema in schemas.values():
        if "event_id" in schema.get("properties", {}):
            schema["required"] = [*(set(schema["required"]) - left_out), "type"]
            schema["required"].sort()
    return {"Event": event, **schemas}
