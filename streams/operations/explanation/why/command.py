"""`goeswith why`: why a prompt was what it was."""

import json
from functools import partial
from typing import Any

import click

from streams.cli.live import say
from streams.cli.options import with_settings
from streams.cli.progress import EVERY, progress_bar
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.why.asking import Why, why
from streams.operations.explanation.why.decided import Behind
from streams.operations.explanation.why.words import in_words
from streams.operations.explanation.why_not.command import considered_as_plain, standing


@click.command("why")
@with_settings("bootstrap", "prefix", "group")
@click.argument("prompt_id", metavar="PROMPT_ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    settings: Settings,
    prompt_id: str,
    as_json: bool,  # click's
) -> None:
    """Tell why a prompt was what it was: counts, arms, the draw, and what guards kept out.

    The prompt is looked for on its topic, and the log is folded again up to its event, so the
    settings have to be those of the workers; the secret is needed only where numbers of items are
    decided. Catalogue and controls are those of now.
    """
    access = LogAccess(partial(progress_bar, every=EVERY))
    told = why(settings, prompt_id, standing(settings, quiet=as_json), access)
    if as_json:
        click.echo(json.dumps(as_plain(told)))
    else:
        say(in_words(told))


def as_plain(told: Why) -> dict[str, Any]:
    """As plain values, for JSON. The receipt is left out: it is the session's alone."""
    return {
        "prompt": told.prompt.model_dump(mode="json", exclude={"receipt"}, exclude_none=True),
        "timestamp_ms": told.at_ms,
        "agrees": told.behind.agrees,
        **_behind(told.behind),
        "notes": list(told.notes),
    }


def _behind(found: Behind) -> dict[str, Any]:
    return {
        "items": [considered_as_plain(item) for item in found.items],
        "arms": [
            arm._asdict() | {"candidates": [one._asdict() for one in arm.candidates]}
            for arm in found.arms
        ],
        "kept_out": [one._asdict() for one in found.kept_out],
    }
