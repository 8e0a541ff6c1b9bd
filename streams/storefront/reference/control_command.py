"""`goeswith control`: how the shop is run, who changed it, and why."""

import getpass
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.cli.tables import Listing
from streams.clients.files import beginning
from streams.contract.errors import FileUnusable, Misconfigured
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import named_by
from streams.contract.settings import Settings
from streams.shop.decision.controls.registry import CONTROLS
from streams.storefront.reference.control_changes import change, differ, make, note_of
from streams.storefront.reference.topic_log import kept, latest

FILE_BYTES_MAX = 10_000_000
NUMBER_BELOW_ZERO = re.compile(r"-[.\d]")


@click.group()
def control() -> None:
    """How the shop is run: sets controls, and tells who changed what, and why."""


def _login() -> str:
    """Who is at the keyboard; empty where the system does not know."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


by_whom = click.option(
    "--author", metavar="NAME", default=_login, help="Who changes it.  [default: you]"
)
because = click.option("--reason", metavar="TEXT", required=True, help="Why, for later.")
as_unknown = click.option(
    "--unknown", is_flag=True, help="Also what looks like a control, and none of ours is."
)
as_one_object = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


class ValuesBelowZero(click.Command):
    """A command that takes -0.1 for a value, where click looks for an option of that name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words of the command line."""
        ctx.ignore_unknown_options = any(NUMBER_BELOW_ZERO.match(word) for word in args)
        return super().parse_args(ctx, args)


@control.command("set", cls=ValuesBelowZero)
@with_settings("bootstrap", "prefix")
@click.argument("key")
@click.argument("value")
@by_whom
@because
@as_unknown
@as_one_object
def set_(
    settings: Settings,
    key: str,
    value: str,
    author: str,
    reason: str,
    unknown: bool,
    as_json: bool,
) -> None:
    """Set KEY to VALUE, which is JSON, else a text; null: set it no longer."""
    wanted = parsed(value)
    stands = partial(_standing, settings) if wanted is None else dict[str, ControlRecord]
    record = change(key, wanted, author, reason, unknown=unknown, standing=stands)
    make(settings, record)
    if as_json:
        click.echo(record.model_dump_json())
        return
    click.echo(f"{key} is {_shown(record.value)}")
    _say_of_notes([record])


@control.command("known")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def known_(as_json: bool) -> None:
    """Print the controls that workers decide by; all others are notes."""
    listing = Listing("control", "what it does", "without it")
    for one in CONTROLS:
        if as_json:
            said = {"key": one.name, "says": one.says, "without": one.without}
            click.echo(json.dumps(said | {"schema": one.values.json_schema()}))
        listing.add(one.name, one.says, one.without)
    if not as_json:
        show(listing)


@control.command()
@with_settings("bootstrap", "prefix")
@click.argument("key")
@as_one_object
def get(settings: Settings, key: str, as_json: bool) -> None:
    """Print what KEY is set to, by whom and why; exit code 1: it is not set."""
    found = _standing(settings).get(key)
    if found is None:
        said = f"{printable(key)} is not set"
        click.echo(json.dumps({"key": key, "value": None}) if as_json else said)
        raise click.exceptions.Exit(1)
    click.echo(found.model_dump_json() if as_json else _line(found))


@control.command()
@with_settings("bootstrap", "prefix")
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def history(settings: Settings, key: str | None, as_json: bool) -> None:
    """Print every change of KEY, or of all controls, oldest first; kept for 90 days at least.

    Exit code 1 where nothing is known of KEY.
    """
    told = 0
    for one in kept(settings, settings.topics.control, ControlRecord, quiet=True):
        if key not in (None, one.key):
            continue
        told += 1
        if one.record is not None:
            click.echo(one.record.model_dump_json() if as_json else _line(one.record))
        elif not as_json:
            what = f"refused: {one.refused}" if one.refused else "taken out by a tombstone"
            click.echo(f"{_at(one.timestamp_ms)}  {printable(one.key)}  {printable(what)}")
    if not told:
        click.echo(f"no change of {printable(key or 'any control')} is kept", err=True)
        raise click.exceptions.Exit(0 if key is None else 1)


@control.command()
@with_settings("bootstrap", "prefix")
def export(settings: Settings) -> None:
    """Print all controls that are set as one JSON object, for `control apply`.

    What was declared of experiments is left out: it is asked once, and not applied again.
    """
    every = _standing(settings).items()
    standing = {key: one for key, one in every if named_by(key) is None}
    values = {key: standing[key].value for key in sorted(standing)}
    click.echo(json.dumps(values, indent=2, ensure_ascii=False))


@control.command()
@with_settings("bootstrap", "prefix")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@by_whom
@because
@as_unknown
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@as_one_object
def apply(
    settings: Settings,
    file: Path,
    author: str,
    reason: str,
    unknown: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Set what differs from FILE, an object of JSON; what it does not name stays as it is.

    All of it is checked before anything is set.
    """
    asked = cache(partial(_standing, settings))
    wanted = [
        change(key, value, author, reason, unknown=unknown, standing=asked)
        for key, value in _wanted(file).items()
    ]
    standing = asked()
    changes = [one for one in wanted if differ(one, standing.get(one.key))]
    if not dry_run and changes:
        make(settings, *changes)
    if as_json:
        changed = {one.key: one.value for one in changes}
        click.echo(json.dumps({"changed": changed, "sent": 0 if dry_run else len(changes)}))
        return
    for one in changes:
        before = _shown(standing[one.key].value) if one.key in standing else "not set"
        click.echo(f"{one.key}: {before} -> {_shown(one.value)}")
    _say_of_notes(changes)
    done = "would change" if dry_run else "changed"
    click.echo(f"{len(changes)} of {len(wanted)} controls {done}")


class KeySaidTwice(ValueError):
    """An object that has a key twice: nobody can tell which of the values is meant."""


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises `KeySaidTwice`.

    >>> once_each([("prompts.paused", False), ("prompts.paused", True)])
    Traceback (most recent call last):
      ...
    streams.storefront.reference.control_command.KeySaidTwice: the key prompts.paused is there twice
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise KeySaidTwice(f"the key {printable(counts.most_common(1)[0][0])} is there twice")
    return made


def parsed(said: str) -> Any:
    """A value as it is typed: JSON, and what is none is a text.

    >>> parsed("0.1"), parsed("shadow"), parsed('["basket"]'), parsed("null")
    (0.1, 'shadow', ['basket'], None)
    """
    try:
        return json.loads(said, object_pairs_hook=once_each)
    except KeySaidTwice as twice:
        raise Misconfigured(f"the value: {twice}") from None
    except ValueError:
        return said
    except RecursionError:
        raise Misconfigured("the value is nested too deeply") from None


def _say_of_notes(changes: Iterable[ControlRecord]) -> None:
    """A name that is misspelt decides nothing: it is said on standard error."""
    for said in filter(None, map(note_of, changes)):
        click.echo(said, err=True)


def _standing(settings: Settings) -> dict[str, ControlRecord]:
    """What is set."""
    found = latest(settings, settings.topics.control, ControlRecord, quiet=True)
    return {key: one for key, one in found.items() if one.value is not None}


def _wanted(file: Path) -> Mapping[str, Any]:
    try:
        said = json.loads(beginning(file, FILE_BYTES_MAX), object_pairs_hook=once_each)
    except (ValueError, RecursionError) as error:
        raise FileUnusable(f"{file} is no JSON that can be used: {error}") from None
    if not isinstance(said, dict):
        raise FileUnusable(f"{file}: an object is wanted, of controls and what they are set to")
    return said


def _line(record: ControlRecord) -> str:
    """A change on one line."""
    who, why = printable(record.author), printable(record.reason, 500)
    return f"{_at(record.at_ms)}  {record.key} = {_shown(record.value)}  {who}: {why}"


def _shown(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False), 500)


def _at(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
