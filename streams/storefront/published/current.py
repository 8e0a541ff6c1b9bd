"""`goeswith prompts`: the prompts that a session may be shown now."""

import json

import click

from streams.cli.options import with_settings
from streams.contract.settings import Settings
from streams.storefront.published.prompt_lines import line
from streams.views.reader import current_prompts


@click.command()
@with_settings("redis", "prefix")
@click.option("--session", "session_id", required=True, metavar="ID", help="Whose.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def prompts(settings: Settings, session_id: str, as_json: bool) -> None:
    """Print the prompts that a session may be shown now, oldest first, from Redis."""
    found = current_prompts(settings, session_id)
    if as_json:
        said = [prompt.model_dump(mode="json", exclude_none=True) for prompt in found]
        click.echo(json.dumps({"session_id": session_id, "prompts": said}))
        return
    for prompt in found:
        click.echo(line(prompt))
