"""The types that pages get say what the contract says: every property and every value of each."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from streams.contract.events import EVENTS
from streams.contract.published.prompts import Prompt
from streams.storefront.gateway.batches.batch import MARGIN, OF_SERVERS, OF_TOKENS
from streams.storefront.gateway.browser.files import ROOM
from streams.storefront.gateway.live.rendered import RenderedPrompt, RenderedWithdrawal
from tests.storefront.gateway.test_openapi import description

TYPES = (ROOM / "client.d.ts").read_text()
NAMES = {
    "OrderLine": "Line",
    "RenderedItem": "PromptItem",
    "RenderedPrompt": "Prompt",
    "RenderedReason": "Reason",
    "RenderedWithdrawal": "PromptWithdrawn",
}
"""What pages call it, by our own name, where that is another one."""
OF_CLIENT = {*OF_TOKENS, MARGIN, "schema_version", "sent_at_ms"}
"""What a page does not say of an event: the token does, the client, or the shop's server."""
MADE_UP = {"event_id"}
"""What is required, and the client makes up."""
SENT = [event for event in EVENTS if event.model_fields["type"].default not in OF_SERVERS]


class Property(NamedTuple):
    """A property, as it is typed or described."""

    words: frozenset[Any]
    """The members of its type: words, values, and lists of such members."""
    optional: bool


def typed(name: str) -> dict[str, Property]:
    """The properties of an interface, those of the one that it extends among them."""
    begins = rf"^(?:export )?interface {name}(?: extends (\w+))? {{\n"
    found = re.search(rf"{begins}(.*?)^}}", TYPES, re.DOTALL | re.MULTILINE)
    assert found is not None, f"there is no interface {name}"
    body = re.sub(r"/\*\*.*?\*/", "", found[2], flags=re.DOTALL)
    own = {
        property_: Property(members(type_), bool(optional))
        for property_, optional, type_ in re.findall(r"(\w+)(\??):([^;]+);", body)
    }
    return (typed(found[1]) if found[1] else {}) | own


def members(type_: str) -> frozenset[Any]:
    """Those of a type of TypeScript, as far as ours go."""
    return frozenset().union(*map(_member, filter(None, map(str.strip, type_.split("|")))))


def _member(type_: str) -> frozenset[Any]:
    if type_.endswith("[]"):
        return frozenset({(members(type_[:-2]), "[]")})
    if type_ == "(string & {})":  # a word of a later release; editors still propose the others
        return frozenset({"string"})
    alias = re.search(rf"^export type {type_} =([^;]+);", TYPES, re.MULTILINE)
    return members(alias[1]) if alias else frozenset({type_})


def described(schema: Mapping[str, Any], required: set[str] | None = None) -> dict[str, Property]:
    """The properties of a schema; without `required` what may be null is left out when it is."""
    return {
        name: Property(
            frozenset(_words(of)) - {"null"},
            "null" in _words(of) if required is None else name not in required,
        )
        for name, of in schema["properties"].items()
    }


def _words(schema: Mapping[str, Any]) -> set[Any]:
    return set(_each(schema))


def _each(schema: Mapping[str, Any]) -> Iterator[Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield NAMES.get(name, name)
    elif either := schema.get("anyOf") or schema.get("oneOf"):
        for one in either:
            yield from _each(one)
    elif values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        yield from map(json.dumps, values)
    elif schema["type"] == "array":
        yield frozenset(_each(schema["items"])), "[]"
    else:
        yield {"integer": "number"}.get(schema["type"], schema["type"])


@pytest.mark.parametrize("event", SENT, ids=lambda event: event.__name__)
def test_an_event_is_typed_as_it_is_taken(event: type[Any]) -> None:
    """By the description for machines: what it may say, what it must, and which words."""
    schema = description()["components"]["schemas"][event.__name__]
    taken = described(schema, set(schema["required"]) - MADE_UP)

    said = typed(event.__name__)
    assert {name: of for name, of in taken.items() if name not in OF_CLIENT} == said
    assert event.__name__ in members("ShopEvent")


def test_every_event_that_a_page_may_send_is_typed_and_no_other() -> None:
    """What is for servers to say is not."""
    assert {event.__name__ for event in SENT} == members("ShopEvent")


def test_a_line_is_typed_as_it_is_taken() -> None:
    """But for what it earns, which no page says."""
    schema = description()["components"]["schemas"]["OrderLine"]
    taken = described(schema, set(schema["required"]))

    assert {name: of for name, of in taken.items() if name not in OF_CLIENT} == typed("Line")


def sent() -> dict[str, dict[str, Any]]:
    """The schemas of all that a page gets, by our names."""
    found: dict[str, dict[str, Any]] = {}
    for model in (RenderedPrompt, RenderedWithdrawal):
        schema = model.model_json_schema(mode="serialization")
        found |= schema.pop("$defs", {}) | {model.__name__: schema}
    kinds = Prompt.model_json_schema()["properties"]["kind"]  # the gateway passes on any
    found["RenderedPrompt"]["properties"]["kind"] = kinds
    return found


@pytest.mark.parametrize("name", sorted(sent()))
def test_what_a_page_gets_is_typed_as_it_is_sent(name: str) -> None:
    """Prompts, their offers, withdrawals: each property, each word; what may be missing, may."""
    assert described(sent()[name]) == typed(NAMES.get(name, name))


def test_prompts_are_described_for_machines_as_they_are_sent() -> None:
    """So the types say what the description says."""
    schemas = description()["components"]["schemas"]
    for name in set(sent()) & set(schemas):
        assert {*sent()[name]["properties"]} == {*schemas[name]["properties"]}
    assert "RenderedPrompt" in schemas
