"""`goeswith checkpoint list` and `restore`: the generations of checkpoints."""

import json
import time
from typing import Any

import click

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.cli.tables import Listing
from streams.clients.checkpoints.pointer import Stored
from streams.clients.checkpoints.store import GenerationStore, open_store
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.operations.checkpoints.live_workers import warn_of_workers


def store_with_generations(settings: Settings) -> GenerationStore:
    """The store of the settings; raises `Misconfigured` where it has no generations."""
    store = open_store(settings)
    if isinstance(store, GenerationStore):
        return store
    where = "nowhere" if store is None else f"in {store.where}, one and no generations of it"
    raise Misconfigured(
        f"checkpoints are kept {where}: a topic (GOESWITH_CHECKPOINT_URL=kafka:) and an object "
        "store keep the last three. `goeswith checkpoint inspect` shows what is there, and what "
        "was kept aside"
    )


@click.command("list")
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(settings: Settings, as_json: bool) -> None:
    """List the generations of checkpoints, and those that were kept aside.

    The newest is number 1: workers start from it.
    """
    store, now_s = store_with_generations(settings), time.time()
    pointer = store.pointer()
    aside = [(one.name, pointer.kept[one.name]) for one in pointer.kept_aside()]
    report = {
        "generations": [
            {"number": number, **_described(one, now_s)}
            for number, one in enumerate(pointer.generations, start=1)
        ],
        "kept": [{"name": name, **_described(one, now_s)} for name, one in aside],
    }
    if as_json:
        click.echo(json.dumps(report))
        return
    notes = [] if pointer.generations else [f"there is no checkpoint in {store.where}"]
    notes += [
        f"generation {row['number']}: {name} was {why}"
        for row in report["generations"]
        for name, why in sorted(row["adopted"].items())
    ]
    listing = Listing("generation", "events", "age s", "bytes", "fingerprint", notes=notes)
    for row in (*report["generations"], *report["kept"]):
        figures = [f"{row[what]:,}" for what in ("events", "age_s", "bytes")]
        listing.add(str(row.get("number", row.get("name"))), *figures, row["fingerprint"])
    show(listing)


@click.command()
@with_settings("bootstrap", "prefix")
@click.option(
    "--generation",
    "number",
    type=click.IntRange(1),
    required=True,
    metavar="N",
    help="Which one; 1 is the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def restore(settings: Settings, number: int, as_json: bool) -> None:
    """Make an older generation of checkpoints the newest, so that workers start from it.

    The one that was is kept: aside, if it knows more. A worker that runs writes its own before
    long: stop the workers first. N is a number of `goeswith checkpoint list`.
    """
    store = store_with_generations(settings)
    header = store.restore(number)
    report = {"generation": number, "events": header.events, "made_at_ms": header.made_at_ms}
    words = f"generation {number}, of {header.events:,} events, is the newest in {store.where}"
    click.echo(json.dumps(report) if as_json else words)
    warn_of_workers(settings)


def _described(stored: Stored, now_s: float) -> dict[str, Any]:
    """One as plain values."""
    return {
        "events": stored.events,
        "age_s": round(now_s - stored.made_at_ms / 1000, 1),
        "bytes": stored.size,
        "fingerprint": stored.fingerprint,
        "adopted": stored.adopted,
    }
