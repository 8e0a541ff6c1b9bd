"""What a schema says that an earlier release of it did not allow: only additions are.

What we read may ask for no more than before; what we publish may leave nothing out, and nothing in
it may be of another type. A new word among those that a published field may have is an addition:
readers ignore words that they do not know, as docs/prompts.md asks them to.

`python -m tests.contract.schemas.compatibility FILE` records the schemas of this release, without
what is for people.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from streams.contract.schemas.schemas import READ, REFERENCE, WRITTEN, json_schema

Schema = dict[str, Any]
FOR_PEOPLE = {"title", "description", "examples", "default", "$schema"}
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
TYPES = ("string", "integer", "number", "boolean", "null", "array", "object")


class Side(NamedTuple):
    """A schema, in the document that its references lead through."""

    schema: Schema
    document: Schema

    def at(self, schema: Schema) -> "Side":
        """Another one of the same document, its reference followed."""
        while "$ref" in schema:
            schema = self.document["$defs"][schema["$ref"].rpartition("/")[2]]
        return Side(schema, self.document)

    @property
    def choices(self) -> list["Side"]:
        """The schemas of which one has to hold."""
        said = self.schema.get("anyOf") or self.schema.get("oneOf")
        return [self.at(each) for each in said] if said else [self]

    @property
    def types(self) -> set[str]:
        """The types that a value may have."""
        found: set[str] = set()
        for choice in self.choices:
            said = choice.schema.get("type", TYPES)
            found |= {said} if isinstance(said, str) else set(said)
        return found | ({"integer"} if "number" in found else set())

    def of(self, kind: str) -> "Side | None":
        """The choice that is of this type, if one alone is."""
        found = [choice for choice in self.choices if kind in choice.types]
        return found[0] if len(found) == 1 else None

    @property
    def words(self) -> set[str] | None:
        """The values that are allowed, as JSON; None: any."""
        found: set[str] = set()
        for choice in self.choices:
            one = [choice.schema["const"]] if "const" in choice.schema else None
            said = choice.schema.get("enum", one)
            if said is None and choice.schema.get("type") != "null":
                return None
            found |= {json.dumps(value) for value in said or ()}
        return found


def stricter(before: Schema, after: Schema) -> list[str]:
    """Where what is read would refuse what it took before, or not look at it."""
    return _stricter(Side(before, before), Side(after, after), "")


def looser(before: Schema, after: Schema) -> list[str]:
    """Where what is published may be something that a reader of before does not expect."""
    return _looser(Side(before, before), Side(after, after), "")


def _stricter(before: Side, after: Side, place: str) -> list[str]:
    before, after = before.at(before.schema), after.at(after.schema)
    said = [f"{place}: no {kind} any more" for kind in sorted(before.types - after.types)]
    if after.words is not None and (before.words is None or before.words - after.words):
        said.append(f"{place}: fewer values are allowed")
    for kind in sorted(before.types & after.types):
        one, other = before.of(kind), after.of(kind)
        if one is not None and other is not None:
            said += _bounds(one.schema, other.schema, place)
            said += _required(other.schema, one.schema, place, "is required now")
            said += _inside(one, other, place, _stricter, "is not read any more")
    return list(dict.fromkeys(said))


def _looser(before: Side, after: Side, place: str) -> list[str]:
    before, after = before.at(before.schema), after.at(after.schema)
    said = [f"{place}: may be a {kind} now" for kind in sorted(after.types - before.types)]
    for kind in sorted(before.types & after.types):
        one, other = before.of(kind), after.of(kind)
        if one is not None and other is not None:
            said += _required(one.schema, other.schema, place, "may be left out now")
            said += _inside(one, other, place, _looser, "is not published any more")
    return list(dict.fromkeys(said))


def _bounds(before: Schema, after: Schema, place: str) -> list[str]:
    endless = float("inf")
    tighter = [n for n in LOWER if after.get(n, -endless) > before.get(n, -endless)]
    tighter += [n for n in UPPER if after.get(n, endless) < before.get(n, endless)]
    tighter += [n for n in ("pattern", "format") if n in after and after[n] != before.get(n)]
    return [f"{place}: {name} is {after[name]} now" for name in tighter]


def _required(more: Schema, less: Schema, place: str, what: str) -> list[str]:
    names = set(more.get("required", ())) - set(less.get("required", ()))
    return [f"{place}.{name} {what}" for name in sorted(names)]


def _inside(before: Side, after: Side, place: str, compare: Any, gone: str) -> list[str]:
    """The same of all that is in an object or a list."""
    said = []
    known = after.schema.get("properties", {})
    for name, inner in before.schema.get("properties", {}).items():
        if name not in known:
            said.append(f"{place}.{name} {gone}")
        else:
            said += compare(before.at(inner), after.at(known[name]), f"{place}.{name}")
    for word in ("items", "additionalProperties"):
        one, other = before.schema.get(word), after.schema.get(word)
        if isinstance(one, dict) and isinstance(other, dict):
            said += compare(before.at(one), after.at(other), f"{place}[]")
    return said


def bare(schema: Any, *, names: bool = False) -> Any:
    """Without what is for people; `names`: its keys are names of fields, whatever they are."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: bare(inner, names=not names and name in ("properties", "$defs"))
        for name, inner in schema.items()
        if names or name not in FOR_PEOPLE
    }


def recorded() -> str:
    """The schemas of this release, one a line."""
    names = (*READ, *WRITTEN, *REFERENCE)
    lines = (json.dumps({"name": name, "schema": bare(json_schema(name))}) for name in names)
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(recorded())
