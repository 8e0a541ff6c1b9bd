"""Whoever reads and writes by an earlier release's schemas can go on: there are only additions."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from streams.contract.schemas.schemas import READ, REFERENCE, json_schema
from tests.contract.schemas.compatibility import bare, looser, stricter

RECORDED = Path(__file__).parent.parent / "recorded"
RELEASES = {
    path.stem: [json.loads(line) for line in path.read_text().splitlines()]
    for path in sorted(RECORDED.glob("schemas_of_*.jsonl"))
}
CASES = [
    pytest.param(said["name"], said["schema"], id=f"{release}-{said['name']}")
    for release, lines in RELEASES.items()
    for said in lines
]


@pytest.mark.parametrize(("name", "before"), CASES)
def test_there_are_only_additions(name: str, before: dict[str, Any]) -> None:
    """What was an event still is one; what is published has all that it had, of the same types."""
    compare = stricter if name in READ or name in REFERENCE else looser

    assert [] == compare(before, bare(json_schema(name)))


def changed(name: str, path: str, value: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema, and the same with another value at this place, or without it."""
    before = bare(json_schema(name))
    after = copy.deepcopy(before)
    *words, last = path.split("/")
    inner: Any = after
    for word in words:
        inner = inner[word]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return before, after


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("properties/item_id", None, ".item_id is not read any more"),
        ("properties/item_id/maxLength", 64, ".item_id: maxLength is 64 now"),
        (
            "properties/occurred_at_ms/minimum",
            10**13,
            ".occurred_at_ms: minimum is 10000000000000 now",
        ),
        ("properties/quantity/type", "string", ".quantity: no integer any more"),
        ("properties/segment/anyOf", [{"type": "string"}], ".segment: no null any more"),
        ("properties/schema_version/enum", [2], ".schema_version: fewer values are allowed"),
        ("required", ["quantity", "type"], ".quantity is required now"),
    ],
    ids=["field", "upper", "lower", "type", "null", "word", "required"],
)
def test_what_would_break_a_sender_is_found(path: str, value: Any, said: str) -> None:
    """Each kind of it."""
    assert said in stricter(*changed("item_added", path, value))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("properties/receipt", None, ".receipt is not published any more"),
        ("properties/prompt_id/type", "integer", ".prompt_id: may be a integer now"),
        ("$defs/PromptItem/properties/item_id", None, ".items[].item_id is not published any more"),
        ("$defs/PromptItem/required", ["score"], ".items[].item_id may be left out now"),
    ],
    ids=["field", "type", "inner field", "inner required"],
)
def test_what_would_break_a_reader_is_found(path: str, value: Any, said: str) -> None:
    """Each kind of it, also within items."""
    assert said in looser(*changed("prompt", path, value))


def test_an_addition_breaks_nobody() -> None:
    """A new field that may be left out, a new word, a higher bound."""
    text = {"type": "string"}

    assert [] == stricter(*changed("item_added", "properties/new", text))
    assert [] == stricter(*changed("item_added", "properties/item_id/maxLength", 256))
    assert [] == looser(*changed("prompt", "properties/new", text))
    assert [] == looser(*changed("prompt", "properties/kind", {"enum": ["a"], "type": "string"}))
