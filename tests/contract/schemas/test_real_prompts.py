"""Prompts of every kind of offer, as they are published, by every form of their schema."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator, Draft202012Validator, Validator

from streams.contract.published.prompts import Prompt
from streams.contract.schemas.asyncapi import FILE, HELD
from streams.contract.schemas.schemas import (
    NAMES,
    READ,
    REFERENCE,
    WRITTEN,
    example,
    json_schema,
)
from streams.storefront.gateway.live.rendered import RenderedPrompt, to_json
from tests.shop.decision import test_bundles, test_loyalty, test_standing, test_top_up
from tests.storefront.gateway.test_openapi import description
from tests.stories import Story

ROOT = Path(__file__).parent.parent.parent.parent


def promised() -> Prompt:
    """Of the arm that tells points, with all that it may say of a balance."""
    said: dict[str, Any] = {"shopper_id": "ann", "segment": "member", "points_balance": 1_920}
    asked = (Story(f"s-{number}", **said).view("bread") for number in range(40))
    prompts = map(test_standing.till().prompt, asked)
    return next(prompt for prompt in prompts if prompt.arm == "loyalty")


def bundled() -> Prompt:
    """Of the arm that completes a bundle."""
    prompt = test_bundles.basket(test_bundles.till(), "camera", "case")
    assert prompt is not None
    return prompt


MADE = {
    "none": lambda: test_top_up.till().prompt(Story().view("bread")),
    "free_shipping": lambda: test_top_up.offered(test_top_up.till(), "bread")[0],
    "bundle": bundled,
    "points": lambda: test_loyalty.told(test_loyalty.till())[0],
    "balance": promised,
}
"""What a prompt offers -> how one comes about."""
EXAMPLES = [(name, name) for name in (*READ, *WRITTEN, *REFERENCE)] + [
    (topic, name) for topic in ("events", "prompts", "outcomes") for name in HELD[topic]
]
"""Schema, and an example that it is to describe."""


@cache
def forms() -> dict[str, Validator]:
    """All that a prompt of the topic is described by."""
    documented = json.loads((ROOT / "docs" / FILE).read_text())["components"]
    payload = documented["messages"]["prompt"]["payload"]
    return {
        "schema prompt": Draft202012Validator(json_schema("prompt")),
        "schema prompts": Draft202012Validator(json_schema("prompts")),
        "asyncapi": Draft7Validator({**payload, "components": documented}),
    }


def complaints(described: Validator, said: Any) -> list[str]:
    """What a record breaks of its schema."""
    return [f"{error.instance_path}: {error.message}" for error in described.iter_errors(said)]


@pytest.mark.parametrize("form", ["schema prompt", "schema prompts", "asyncapi"])
@pytest.mark.parametrize("offer", MADE)
def test_a_prompt_of_each_offer_is_what_every_schema_describes(offer: str, form: str) -> None:
    """A reader that checks what comes refuses none of them; without its version it is no prompt."""
    said = json.loads(MADE[offer]().to_json())
    unversioned = {name: value for name, value in said.items() if name != "schema_version"}

    assert [] == complaints(forms()[form], said)
    assert not forms()[form].is_valid(unversioned)


@pytest.mark.parametrize("offer", MADE)
def test_what_a_browser_gets_of_it_is_what_the_gateway_describes(offer: str) -> None:
    """With its offer as it is, and without what is left out."""
    prompt = MADE[offer]()
    said = json.loads(to_json(RenderedPrompt.of(prompt, prompt.occurred_at_ms)))
    schema = {"$ref": "#/components/schemas/RenderedPrompt"}
    described = Draft202012Validator({**schema, "components": description()["components"]})

    assert (offer == "none") == ("offer" not in said)
    assert [] == complaints(described, said)


@pytest.mark.parametrize("name", NAMES)
def test_an_offer_has_no_version_of_its_own(name: str) -> None:
    """Nor is anything else required of a part of a record that is no field of it."""
    schema = json_schema(name)

    for described in (schema, *schema.get("$defs", {}).values()):
        assert {*described.get("required", ())} <= described.get("properties", {}).keys()


@pytest.mark.parametrize(("schema", "name"), EXAMPLES)
def test_examples_are_what_their_schemas_describe(schema: str, name: str) -> None:
    """That of the record, and that of its topic; by a validator that knows the dialect."""
    assert [] == complaints(Draft202012Validator(json_schema(schema)), example(name))
