"""`goeswith schema`: the contract for machines, printed."""

import json

import click

from streams.contract.schemas.asyncapi import ASYNCAPI, document
from streams.contract.schemas.schemas import NAMES, READ, REFERENCE, WRITTEN, json_schema


@click.command()
@click.argument("name", required=False, type=click.Choice((*NAMES, ASYNCAPI)), metavar="[NAME]")
def schema(name: str | None) -> None:
    """Print the JSON Schema of NAME, with an example; without NAME, of every type.

    NAME is the `type` of an event or of something that we publish, such as item_added or prompt, or
    one of the topics events, prompts and outcomes; or catalog_item or control_record. asyncapi is a
    description of all topics, with keys and headers (AsyncAPI 3.1).
    """
    every = (*READ, *WRITTEN, *REFERENCE)
    if name == ASYNCAPI:
        said = document()
    else:
        said = json_schema(name) if name else {each: json_schema(each) for each in every}
    click.echo(json.dumps(said, indent=2))
