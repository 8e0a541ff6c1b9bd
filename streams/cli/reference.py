"""The generated parts of README.md and docs/: tables and examples, from the code they describe.

Between `<!-- settings -->` and `<!-- /settings -->` stands what `BLOCKS["settings"]` returns, and
so on, in whichever page has these lines. `python -m streams.cli.reference README.md docs`
(`make docs`) writes them anew, and asyncapi.json into each folder; a test compares.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from streams.cli.root import goeswith
from streams.contract.dead_letters import REASONS
from streams.contract.errors import Misconfigured
from streams.contract.events import EVENTS, Event
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.published.outcomes import Assigned, Ordered, Outcome, Returned, Unmatched
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.contract.schemas import asyncapi
from streams.contract.schemas.schemas import READ, example
from streams.contract.settings import Settings
from streams.contract.topics import CHECKPOINTS, DAY_MS, HOUR_MS, REFERENCE, TOPICS, Topic
from streams.contract.wire.programs import ProgramSettings

RECEIPT_CHARS_SHOWN = 12
_SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def settings_tables() -> str:
    """Every setting, grouped as in the code: name, default, limits, description."""
    sections = []
    for group, names in setting_groups().items():
        fields = ((name, Settings.model_fields[name]) for name in names)
        rows = [
            (f"`{name}`", _default(field), _limits(field), field.description or "")
            for name, field in fields
        ]
        table = _table(("setting", "default", "limits", "what it is"), rows)
        sections.append(f"## {group}\n\n{table}")
    return "\n\n".join(sections)


def setting_groups() -> dict[str, list[str]]:
    """The settings under each heading (a comment of its own) of their classes, in order.

    >>> list(setting_groups())[:3], setting_groups()["Session"]
    (['Connection', 'Gateway', 'Console'], ['session_gap_s', 'basket_ttl_s', 'sessions_max'])
    """
    groups: dict[str, list[str]] = {}
    ours = reversed(ProgramSettings.__bases__)
    source = "".join(map(inspect.getsource, (*ours, Settings)))
    for line in source.splitlines():
        if heading := re.fullmatch(r"    # (\w+)", line):
            names = groups.setdefault(heading[1], [])
        elif (field := re.match(r"    (\w+): ", line)) and field[1] in Settings.model_fields:
            names.append(field[1])
    return groups


def topics_table() -> str:
    """Every topic: name under the default prefix, key, content, policy."""
    prefix, every = (
        Settings.model_fields["topic_prefix"].default,
        (*TOPICS, *REFERENCE, CHECKPOINTS),
    )
    rows = [(f"`{prefix}.{topic.name}`", topic.key, topic.holds, _policy(topic)) for topic in every]
    return _table(("topic", "key", "holds", "kept"), rows)


def commands_table() -> str:
    """Every command: how it is typed, what it does, its options."""
    rows = [
        (f"`{' '.join(path)}`", _summary(command), ", ".join(_options(command)))
        for path, command in commands()
    ]
    return _table(("command", "what it does", "options"), rows)


def events_block() -> str:
    """One JSON example of every event, then the fields that there are."""
    examples = "\n".join(json.dumps(_example(_type(event))) for event in EVENTS)
    fields: dict[str, FieldInfo] = {}
    for event in EVENTS:
        for name, field in event.model_fields.items():  # the first that requires it describes it
            if name not in fields or field.is_required() > fields[name].is_required():
                fields[name] = field
    rows = [(f"`{name}`", _needed(name), _sentence(fields[name])) for name in sorted(fields)]
    return f"```json\n{examples}\n```\n\n" + _table(("field", "required by", "what it is"), rows)


def published_block(kind: str, record: type[BaseModel]) -> str:
    """A record that we publish, then its fields."""
    rows = [(f"`{name}`", _sentence(field)) for name, field in record.model_fields.items()]
    return f"{example_block(kind)}\n\n" + _table(("field", "what it is"), rows)


def example_block(kind: str) -> str:
    """One record as JSON: an event on a line of its own, what we publish spread out."""
    indent = None if kind in READ else 2
    return f"```json\n{json.dumps(_example(kind), indent=indent)}\n```"


def reasons_table() -> str:
    """Every reason of a dead letter: what is wrong, and what to do next."""
    rows = [(f"`{word}`", reason.means, reason.next_step) for word, reason in REASONS.items()]
    return _table(("reason", "what is wrong", "what to do next"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "settings": settings_tables,
    "topics": topics_table,
    "commands": commands_table,
    "events": events_block,
    "dead-letter-reasons": reasons_table,
    "prompt": partial(published_block, "prompt", Prompt),
    "withdrawal": partial(published_block, "prompt_withdrawn", PromptWithdrawn),
    "outcome": partial(published_block, "outcome", Outcome),
    "assigned": partial(published_block, "assigned", Assigned),
    "ordered": partial(published_block, "ordered", Ordered),
    "returned": partial(published_block, "returned", Returned),
    "unmatched": partial(published_block, "unmatched", Unmatched),
    "catalog-item": partial(published_block, "catalog_item", CatalogItem),
    "control-record": partial(published_block, "control_record", ControlRecord),
    "event-in": partial(example_block, "item_added"),
    "prompt-out": partial(example_block, "prompt"),
}


def blocks(text: str) -> list[str]:
    """The names of the blocks that a page asks for.

    >>> blocks("<!-- topics --><!-- /topics -->")
    ['topics']
    """
    return re.findall(r"<!-- ([a-z-]+) -->", text)


def rewritten(text: str) -> str:
    """The page with each of its blocks as the code has it now.

    Raises Misconfigured for a block that is unknown, or is not closed.

    >>> rewritten("<!-- topics -->")
    Traceback (most recent call last):
    ...
    streams.contract.errors.Misconfigured: a block without its end: <!-- /topics -->
    """
    for name in blocks(text):
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        if name not in BLOCKS:
            raise Misconfigured(f"no such block: {opening}; there are {', '.join(BLOCKS)}")
        before, _, rest = text.partition(opening)
        _, closed, after = rest.partition(closing)
        if not closed:
            raise Misconfigured(f"a block without its end: {closing}")
        text = f"{before}{opening}\n{BLOCKS[name]()}\n{closing}{after}"
    return text


def pages(places: Iterable[Path]) -> list[Path]:
    """The Markdown files among these, and in the folders among these, in order."""
    found = (sorted(place.rglob("*.md")) if place.is_dir() else [place] for place in places)
    return [page for some in found for page in some]


def commands(
    command: click.Command = goeswith, path: tuple[str, ...] = ("goeswith",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        if (found := command.get_command(context, name)) is not None:
            yield from commands(found, (*path, name))


def main() -> None:
    """Rewrite the pages, and those in the folders, that are named on the command line."""
    places = [Path(place) for place in sys.argv[1:]]
    for page in pages(places):
        page.write_text(rewritten(page.read_text()))
    for folder in filter(Path.is_dir, places):
        (folder / asyncapi.FILE).write_text(asyncapi.text(), encoding="utf-8")


def _example(kind: str) -> dict[str, Any]:
    said = example(kind)
    if "receipt" in said:
        said["receipt"] = said["receipt"][:RECEIPT_CHARS_SHOWN] + "..."
    return {"type": said.pop("type"), **said}


def _type(event: type[Event]) -> str:
    return str(event.model_fields["type"].default)


def _needed(name: str) -> str:
    users = [event for event in EVENTS if name in event.model_fields]
    asking = [event for event in users if event.model_fields[name].is_required()]
    if name == "type" or len(asking) == len(EVENTS):
        return "all"
    return ", ".join(f"`{_type(event)}`" for event in asking) or "none"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, float):
        return f"`{value:.10g}`"
    return f"`{value}`" if value != "" else "empty"


def _limits(field: FieldInfo) -> str:
    said = [
        f"{sign} {getattr(rule, attribute):g}"
        for rule in field.metadata
        for kind, (sign, attribute) in _SIGNS.items()
        if isinstance(rule, kind)
    ]
    return ", ".join(said)


def _policy(topic: Topic) -> str:
    if topic.config.get("cleanup.policy") == "compact":
        return "compacted"
    kept_ms = int(topic.config["retention.ms"])
    return f"{kept_ms / DAY_MS:g} d" if kept_ms >= DAY_MS else f"{kept_ms / HOUR_MS:g} h"


def _options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            yield f"`{parameter.human_readable_name}`"
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            yield f"`{parameter.opts[0]}`"


def _summary(command: click.Command) -> str:
    return command.get_short_help_str(limit=200)


def _sentence(field: FieldInfo) -> str:
    return field.description or "What kind of record it is."


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


if __name__ == "__main__":
    main()
