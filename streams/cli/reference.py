"""The tables of README.md, written from the code that they describe.

Between `<!-- settings -->` and `<!-- /settings -->` stands what `BLOCKS["settings"]` returns, and
so on. `python -m streams.cli.reference README.md` (`make docs`) writes them anew; a test compares.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streams.cli.root import goeswith
from streams.contract.errors import Misconfigured
from streams.contract.events import EVENTS, Event
from streams.contract.prompts import Prompt
from streams.contract.schemas.schemas import example
from streams.contract.settings import Settings
from streams.contract.topics import DAY_MS, TOPICS, Topic

RECEIPT_CHARS_SHOWN = 12
_SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def settings_table() -> str:
    """Every setting: name, default, limits, description."""
    rows = [
        (f"`{name}`", _default(field), _limits(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _table(("setting", "default", "limits", "what it is"), rows)


def topics_table() -> str:
    """Every topic: name under the default prefix, key, content, policy."""
    prefix = Settings.model_fields["topic_prefix"].default
    rows = [
        (f"`{prefix}.{topic.name}`", topic.key, topic.holds, _policy(topic)) for topic in TOPICS
    ]
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


def prompt_block() -> str:
    """A prompt, then its fields."""
    prompt = json.dumps(_example("prompt"), indent=2)
    rows = [(f"`{name}`", _sentence(field)) for name, field in Prompt.model_fields.items()]
    return f"```json\n{prompt}\n```\n\n" + _table(("field", "what it is"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "topics": topics_table,
    "commands": commands_table,
    "events": events_block,
    "prompt": prompt_block,
}


def rewritten(text: str) -> str:
    """The text with every block as the code has it now. Raises Misconfigured if one is missing.

    >>> rewritten("# goeswith")
    Traceback (most recent call last):
    ...
    streams.contract.errors.Misconfigured: nowhere to write: <!-- settings --> … <!-- /settings -->
    """
    for name, render in BLOCKS.items():
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, opened, rest = text.partition(opening)
        _, closed, after = rest.partition(closing)
        if not (opened and closed):
            raise Misconfigured(f"nowhere to write: {opening} … {closing}")
        text = f"{before}{opening}\n{render()}\n{closing}{after}"
    return text


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
    """Rewrite the file named on the command line."""
    readme = Path(sys.argv[1])
    readme.write_text(rewritten(readme.read_text()))


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
    return f"{int(topic.config['retention.ms']) / DAY_MS:g} d"


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
