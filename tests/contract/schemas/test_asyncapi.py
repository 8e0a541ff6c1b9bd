"""The AsyncAPI document: of the official form, whole, and of what really travels."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema_rs import Draft7Validator

from streams.cli.root import goeswith
from streams.contract.dead_letters import NAMES, dead_letter_headers
from streams.contract.errors import InvalidEvent
from streams.contract.schemas.asyncapi import DEAD_LETTER, FILE, HELD, VERSION, document, text
from streams.contract.schemas.schemas import READ, REFERENCE, WRITTEN
from streams.contract.topics import REFERENCE as REFERENCE_TOPICS
from streams.contract.topics import TOPICS

ROOT = Path(__file__).parent.parent.parent.parent
OFFICIAL = Path(__file__).parent.parent / "recorded" / f"asyncapi-{VERSION}.json.gz"
"""The form of the format's makers: `schemas/3.1.0.json` of the npm package @asyncapi/specs 6.11.1
(Apache License 2.0), as it is there, packed."""
SAID = document()


def validator(schema: dict[str, Any]) -> Draft7Validator:
    """Of a schema within the document, whose references it follows."""
    return Draft7Validator({**schema, "components": SAID["components"]})


def references(said: Any) -> Iterator[str]:
    """Every reference in it."""
    if isinstance(said, dict):
        for name, inner in said.items():
            if name == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(said, list):
        for inner in said:
            yield from references(inner)


def test_it_is_of_the_official_form() -> None:
    """As the format's makers describe it, Kafka's bindings included; what is not, is refused."""
    official = Draft7Validator(json.loads(gzip.decompress(OFFICIAL.read_bytes())))
    wrong = document()
    wrong["channels"]["events"]["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] = "7 d"

    assert [] == [f"{error.instance_path}: {error.message}" for error in official.iter_errors(SAID)]
    assert not official.is_valid(wrong)


def test_its_references_lead_somewhere() -> None:
    """The official form does not look where they lead."""
    for reference in set(references(SAID)):
        inner: Any = SAID
        for word in reference.removeprefix("#/").split("/"):
            assert word in inner, reference
            inner = inner[word]


def test_it_has_all_that_travels() -> None:
    """Each kind of record on its topic; what workers tell each other is nobody else's."""
    held = {name for names in HELD.values() for name in names}
    topics = {topic.name for topic in (*TOPICS, *REFERENCE_TOPICS)}

    assert {*READ, *WRITTEN, *REFERENCE, DEAD_LETTER} == held == {*SAID["components"]["messages"]}
    assert topics - {"agreement"} == {*SAID["channels"]}
    assert {"#/channels/" + name for name in HELD} == {
        operation["channel"]["$ref"] for operation in SAID["operations"].values()
    }


@pytest.mark.parametrize("name", [*READ, *WRITTEN, *REFERENCE])
def test_examples_are_what_their_schemas_describe(name: str) -> None:
    """By a validator that knows the dialect; without its type a record is none."""
    message = SAID["components"]["messages"][name]
    described = validator(message["payload"])
    (example,) = message["examples"]
    nameless = {key: value for key, value in example["payload"].items() if key != "type"}

    assert [] == [error.message for error in described.iter_errors(example["payload"])]
    assert not described.is_valid(nameless)


def test_a_dead_letter_has_the_headers_that_are_described() -> None:
    """As they are written."""
    headers = dead_letter_headers(
        topic="goeswith.events",
        partition=3,
        offset=41,
        timestamp_ms=1_767_225_600_000,
        error=InvalidEvent("invalid_json", "no JSON"),
        original=[("sender", b"bakery")],
    )
    written = {name: (value or b"").decode() for name, value in headers}
    described = validator(SAID["components"]["messages"][DEAD_LETTER]["headers"])

    assert described.is_valid(written)
    assert not any(
        described.is_valid({name: value for name, value in written.items() if name != without})
        for without in NAMES
    )


def test_docs_have_the_document_of_this_code() -> None:
    """`make docs` would change nothing."""
    assert text() == (ROOT / "docs" / FILE).read_text(encoding="utf-8")


def test_the_command_prints_it() -> None:
    """`goeswith schema asyncapi`."""
    said = CliRunner().invoke(goeswith, ["schema", "asyncapi"])

    assert SAID == json.loads(said.output)
