"""`goeswith catalog`: a shop's product file into the catalogue, and what that has of an item.

Nothing is sent before the file was read through: a file that is no catalogue changes nothing.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.cli.progress import progress_bar
from streams.contract.events.reference.catalog import TITLE_CHARS_MAX, CatalogItem
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import reason_to_withhold
from streams.storefront.intake.values.money import currency_code
from streams.storefront.reference.formats.drafts import Options, Problem
from streams.storefront.reference.formats.guessing import NAMES
from streams.storefront.reference.formats.own import in_minor_units
from streams.storefront.reference.item_fate import fate_of, in_words
from streams.storefront.reference.reading import CatalogFile, Found

WORDS = {
    "margin": "below the margin floor",
    "rounded": "with a price that was rounded",
    "sale_dearer": "at the regular price, as the sale price is dearer",
    "title_cut": f"with a title that was cut to {TITLE_CHARS_MAX} characters",
}
"""What counts are called, where it is not their name."""
NOTED = ("rounded", "sale_dearer", "title_cut")
PROBLEMS_MAX = 100
EVERY = 1000
COLUMNS_MAX = 20


@click.group()
def catalog() -> None:
    """What is sold: imports a product file, and tells of an item."""


@catalog.command("import")
@with_settings("bootstrap", "prefix")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_name", type=click.Choice((*NAMES, "json")), help="Of the file.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option(
    "--items",
    type=click.Choice(["parent", "variant"]),
    help="What events call an item.  [default: GOESWITH_INTAKE_ITEMS]",
)
@click.option("--currency", metavar="CODE", help="Of prices that name none.")
@click.option("--language", metavar="TAG", default="en", show_default=True, help="Of the titles.")
@click.option("--id-column", metavar="NAME", default="", help="The column with the item's id.")
@click.option(
    "--max",
    "problems_max",
    type=click.IntRange(min=0),
    default=PROBLEMS_MAX,
    show_default=True,
    help="Say so many problems; all are counted.",
)
@click.option("--json", "as_json", is_flag=True, help="Problems and counts as JSON lines.")
def import_(
    settings: Settings,
    file: Path,
    format_name: str | None,
    dry_run: bool,
    items: Any,
    currency: str | None,
    language: str,
    id_column: str,
    problems_max: int,
    as_json: bool,
) -> None:
    """Read the products of FILE, and send those that are well to the catalogue.

    FILE is a CSV of Shopify, WooCommerce or Google Merchant Center, a CSV of our own names, or JSON
    lines; its header tells which. What is wrong goes to standard error, line by line; the rest is
    sent. Exit code 1 when something was wrong.

    An item that is not in FILE stays in the catalogue as it is.
    """
    if currency and currency_code(currency) is None:
        raise click.BadParameter(f"{currency!r} is no code of ISO 4217, such as EUR")
    options = Options(
        items or settings.intake_items,
        currency or settings.intake_currency,
        language,
        id_column,
        now_ms=round(time.time() * 1000),
    )
    source = CatalogFile(file, options, format_name)
    found, counts = _read(source, problems_max, settings.margin_ratio_min, as_json=as_json)
    if source.unread and not as_json:
        click.echo("\n".join(_unread(source)), err=True)
    sent = 0
    if found and not dry_run:
        # Kafka's client is slow to load, and a dry run needs none.
        from streams.storefront.reference.topic_log import send  # noqa: PLC0415

        with progress_bar("sending", len(found), every=EVERY) as advance:
            sent = send(settings, settings.topics.catalog, _told(found, advance))
    said = {"format": source.format, **counts, "sent": sent}
    if source.unread:
        said["unread_columns"] = source.unread
    click.echo(json.dumps(said) if as_json else _in_words(said, settings, dry_run=dry_run))
    for note in [] if as_json else notes(found):
        click.echo(note, err=True)
    raise click.exceptions.Exit(1 if counts["problems"] or not found else 0)


@catalog.command()
@with_settings("bootstrap", "prefix")
@click.argument("item_id", metavar="ITEM")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def get(settings: Settings, item_id: str, as_json: bool) -> None:
    """Print what the catalogue has of ITEM, and what becomes of it; exit code 1: nothing."""
    from streams.storefront.reference.topic_log import latest  # noqa: PLC0415

    every = latest(settings, settings.topics.catalog, CatalogItem, quiet=as_json)
    item = every.get(item_id)
    if item is None:
        said = f"{printable(item_id)} is not in the catalogue: nothing of it is withheld"
        click.echo(json.dumps({"item_id": item_id, "item": None}) if as_json else said)
        raise click.exceptions.Exit(1)
    product = None if item.variant_of in (None, item_id) else every.get(item.variant_of or "")
    fields = item.model_dump(mode="json", exclude_defaults=True)
    fate = fate_of(item, product, settings.margin_ratio_min)
    if as_json:
        click.echo(json.dumps({"item_id": item_id, "item": fields, **fate._asdict()}))
        return
    for name, value in fields.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        click.echo(f"{name}: {printable(shown)}")
    click.echo(f"-> {in_words(fate, item_id)}")


def _read(
    source: CatalogFile, problems_max: int, margin_ratio_min: float, *, as_json: bool
) -> tuple[list[CatalogItem], Counter[str]]:
    """The items of a file, and counts of what they are; says what is wrong as it comes."""
    found: list[CatalogItem] = []
    counts = Counter(
        items=0,
        problems=0,
        out_of_stock=0,
        hidden=0,
        restricted=0,
        variants=0,
        rounded=0,
        sale_dearer=0,
        title_cut=0,
    )
    with progress_bar("reading", every=EVERY) as advance:
        for one in source.read():
            advance(1)
            if isinstance(one, Problem):
                counts["problems"] += 1
                if counts["problems"] <= problems_max:
                    click.echo(_problem(one, as_json=as_json), err=True)
                continue
            found.append(one.item)
            counts.update(_kinds(one, margin_ratio_min))
    return found, counts


def notes(items: Sequence[CatalogItem]) -> list[str]:
    """What an import may have got wrong without anybody noticing.

    >>> for note in notes([CatalogItem(item_id="shirt-m")]):
    ...     print(note)
    items are called as in shirt-m: events have to call them so (--items, --id-column)
    no price was read: the file has none
    """
    if not items:
        return []
    named = ", ".join(printable(item.item_id, 40) for item in items[:3])
    said = [f"items are called as in {named}: events have to call them so (--items, --id-column)"]
    if all(item.price_minor is None for item in items):
        said.append("no price was read: the file has none")
    return said


def _kinds(found: Found, margin_ratio_min: float) -> list[str]:
    why, item = reason_to_withhold(found.item, margin_ratio_min), found.item
    more = {
        "variants": item.variant_of,
        "rounded": found.rounded,
        "sale_dearer": found.sale_dearer,
        "title_cut": found.title_cut,
    }
    return ["items", *([why] if why else []), *(name for name, is_so in more.items() if is_so)]


def _unread(source: CatalogFile) -> list[str]:
    """The names, and of money what is to be written instead."""
    what = "fields" if source.is_json else "columns"
    names = ", ".join(printable(name, 40) for name in source.unread[:COLUMNS_MAX])
    meant = in_minor_units(source.unread) if source.is_json else []
    return [f"{what} that are not known, and not read: {names}", *meant]


def _problem(problem: Problem, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(problem._asdict())
    return f"line {problem.line}: {printable(problem.what, 500)}"


def _told(items: list[CatalogItem], advance: Any) -> Any:
    for item in items:
        advance(1)
        yield item


def _in_words(said: dict[str, Any], settings: Settings, *, dry_run: bool) -> str:
    """The counts, for people.

    >>> counts = {"format": "own", "items": 2, "problems": 0, "out_of_stock": 1, "sent": 2}
    >>> print(_in_words(counts, Settings(), dry_run=False))
    own: 2 items (1 out of stock), 0 problems; sent 2 to goeswith.catalog
    """
    names = ("out_of_stock", "hidden", "restricted", "margin", "variants", *NOTED)
    kinds = [
        f"{said[name]:,} {WORDS.get(name, name.replace('_', ' '))}"
        for name in names
        if said.get(name)
    ]
    told = f" ({', '.join(kinds)})" if kinds else ""
    where = settings.topics.catalog
    done = f"nothing sent to {where}" if dry_run else f"sent {said['sent']:,} to {where}"
    return f"{said['format']}: {said['items']:,} items{told}, {said['problems']:,} problems; {done}"
