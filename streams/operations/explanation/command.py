"""`goeswith explain`: what became of each event of a session, and why there was no prompt."""

import json
import time
from functools import partial

import click

from streams.cli.live import say
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import many, printable
from streams.cli.progress import EVERY, progress_bar
from streams.contract.settings import Settings
from streams.operations.explanation.fates import in_words
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.story import Story, story_of

EVENTS_MAX = 100
HOURS = 24.0
"""So far back is looked first: most who ask, ask about today."""


@click.command()
@with_settings("bootstrap", "prefix", "group")
@click.argument("session_id", metavar="SESSION")
@click.option(
    "--max",
    "events_max",
    type=click.IntRange(min=1),
    default=EVENTS_MAX,
    show_default=True,
    help="Print only so many events, the latest.",
)
@click.option(
    "--hours",
    type=FiniteRange(min=0, max=876_000),
    default=HOURS,
    show_default=True,
    help="Look through the last hours first, and further back only where that is not all of it; "
    "0: all at once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(
    settings: Settings, session_id: str, events_max: int, hours: float, as_json: bool
) -> None:
    """Tell what became of each event of SESSION: a prompt, a silence and why, a dead letter.

    Prompts, outcomes and dead letters are read off their topics. Silences are on none: for them the
    log is folded again, as `rebuild` does, so the settings have to be those of the workers; the
    secret is not needed.
    """
    since_ms = int(1000 * (time.time() - hours * 3600)) if hours else None
    access = LogAccess(partial(progress_bar, every=EVERY))
    story = story_of(settings, session_id, events_max, access, since_ms=since_ms)
    if as_json:
        said = {
            "session_id": session_id,
            "partitions": story.partitions,
            "left_out": story.left_out,
            "events": [each.to_json() for each in story.fates],
            "notes": story.notes,
        }
        click.echo(json.dumps(said))
    else:
        say(_in_words(story))


def _in_words(story: Story) -> str:
    numbers = ", ".join(map(str, story.partitions))
    events = many(len(story.fates), "events")
    title = f"{printable(story.session_id)}, partition {numbers}: {events}"
    return "\n".join([title, *map(in_words, story.fates), *(f"note: {n}" for n in story.notes)])
