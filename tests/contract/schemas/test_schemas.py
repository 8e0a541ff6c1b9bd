"""The JSON Schemas, and their examples."""

from typing import Any

import pytest

from streams.contract.events import EVENTS, decode, encode
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.receipts import Receipts
from streams.contract.schemas.examples import EVENT_EXAMPLES, EXAMPLES
from streams.contract.schemas.schemas import NAMES, READ, WRITTEN, json_schema
from streams.contract.settings import Settings


def test_everything_that_travels_has_an_example() -> None:
    """And nothing else has."""
    assert {*READ, *WRITTEN} == EXAMPLES.keys()
    assert set(EVENTS) == {type(example) for example in EVENT_EXAMPLES}


@pytest.mark.parametrize("name", EXAMPLES)
def test_schemas_accept_their_examples(name: str) -> None:
    """Field by field: what is required is there, what is there is described."""
    schema = json_schema(name)

    for example in schema["examples"]:
        assert [] == complaints(schema, example, schema)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_what_the_classes_read(name: str) -> None:
    """The example went through the class, and comes back the same."""
    example = EXAMPLES[name]

    assert example == type(example).model_validate_json(example.model_dump_json(exclude_none=True))


@pytest.mark.parametrize("event", EVENT_EXAMPLES, ids=lambda event: event.type)
def test_event_examples_are_accepted_by_a_worker(event: Any) -> None:
    """As a sender writes them."""
    decoded = decode(
        event.session_id.encode(),
        encode(event),
        timestamp_ms=event.sent_at_ms or event.occurred_at_ms,
        settings=Settings(),
    )

    assert event == decoded


def test_published_examples_are_told_apart_by_type() -> None:
    """As a subscriber reads them."""
    for name in ("prompt", "prompt_withdrawn"):
        assert EXAMPLES[name] == ANY_PUBLISHED.validate_json(EXAMPLES[name].model_dump_json())


def test_the_receipt_of_the_example_is_a_real_one() -> None:
    """It opens with the secret that the story is told with, and says what the prompt says."""
    prompt, outcome = EXAMPLES["prompt"], EXAMPLES["outcome"]
    assert isinstance(prompt, Prompt)
    assert isinstance(outcome, Outcome)
    receipt = Receipts("not a secret").open(prompt.receipt, prompt.session_id)

    assert (prompt.prompt_id, prompt.arm, prompt.propensity) == (
        receipt.prompt_id,
        receipt.arm,
        receipt.propensity,
    )
    assert (outcome.prompt_id, outcome.prompted_at_ms) == (
        receipt.prompt_id,
        receipt.prompted_at_ms,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_type_is_required(name: str) -> None:
    """Readers tell records apart by it, though the classes have it as their default."""
    schema = json_schema(name)
    described = [schema, *schema.get("$defs", {}).values()]

    assert all(
        "type" in one["required"] for one in described if "type" in one.get("properties", {})
    )


def complaints(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> list[str]:
    """What a value breaks of the few words of JSON Schema that ours use."""
    if "$ref" in schema:
        return complaints(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "anyOf" in schema:
        found = [complaints(choice, value, root) for choice in schema["anyOf"]]
        return [] if [] in found else found[0]
    kinds: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "null": (type(None),),
    }
    said = []
    if not isinstance(value, kinds[schema["type"]]):
        said.append(f"{value!r} is no {schema['type']}")
    if "const" in schema and value != schema["const"]:
        said.append(f"{value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        said.append(f"{value!r} is none of {schema['enum']}")
    if isinstance(value, dict):
        described = schema.get("properties", {})
        free = schema.get("additionalProperties")
        said += [f"{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, inner in value.items():
            if name not in described and not free:
                said.append(f"{name} is not described")
            said += complaints(described.get(name, free), inner, root)
    if isinstance(value, list) and "items" in schema:
        said += [each for inner in value for each in complaints(schema["items"], inner, root)]
    return said


def test_a_prompt_from_before_there_were_templates_is_read() -> None:
    """Its reason is a key and a text."""
    before = EXAMPLES["prompt"].model_dump(mode="json", exclude_none=True)
    before["reason"] = {name: before["reason"][name] for name in ("key", "text")}

    reason = Prompt.model_validate(before).reason

    assert (None, None) == (reason.template, reason.anchor)
    assert {"key", "text"} == set(json_schema("prompt")["$defs"]["Reason"]["required"])
