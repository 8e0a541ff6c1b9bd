"""Prompts as they come: the storefront's side of the prompts topic, in a terminal.

A subscriber is a member of no group: it sees every partition, commits nothing, and begins where the
log ends unless told otherwise. Workers publish at least once, so repeats are dropped by id.
"""

from collections.abc import Iterator
from itertools import islice

import click
from pydantic import ValidationError

from streams.cli.options import with_settings
from streams.clients.deduplication import SeenIds
from streams.clients.log_reader import LogReader, RawRecord, open_reader
from streams.contract.published.prompts import ANY_PUBLISHED, Published
from streams.contract.settings import Settings
from streams.storefront.published.prompt_lines import json_line, line

POLL_S = 0.5
"""How soon Ctrl-C is heard."""


def published(record: RawRecord, session_id: str | None = None) -> Published | None:
    """What a record of the prompts topic says, if it is for this session (None: for any).

    Raises `pydantic.ValidationError` when it says nothing that we know.
    """
    if session_id is not None and record.key != session_id.encode():
        return None
    return ANY_PUBLISHED.validate_json(record.value or b"")


def identity(said: Published) -> str:
    """What makes a repeat: a prompt is said once, and withdrawn once."""
    return f"{said.type} {said.prompt_id}"


def prompts_from(reader: LogReader, session_id: str | None) -> Iterator[Published]:
    """What comes, each once, for ever; what cannot be read is said on stderr."""
    seen = SeenIds()
    while True:
        for record in reader.poll(POLL_S):
            try:
                said = published(record, session_id)
            except ValidationError as invalid:
                where = f"{record.at.number}:{record.offset}"
                click.echo(f"unreadable: {where}: {invalid.error_count()} errors", err=True)
                continue
            if said is not None and not seen.before(identity(said)):
                yield said


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--session", "session_id", metavar="ID", help="Only this session's.")
@click.option("--from-beginning", is_flag=True, help="All that the log holds, then what comes.")
@click.option("--max", "prompts_max", type=click.IntRange(min=1), help="Stop after so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def subscribe(
    settings: Settings,
    session_id: str | None,
    from_beginning: bool,
    prompts_max: int | None,
    as_json: bool,
) -> None:
    """Print prompts and withdrawals as they come, each once, until Ctrl-C."""
    with open_reader(settings, settings.topics.prompts) as reader:
        reader.go_to(reader.begins() if from_beginning else reader.ends())
        for said in islice(prompts_from(reader, session_id), prompts_max):
            click.echo(json_line(said) if as_json else line(said))
