"""How a page is made: a template, escaped, whole or only what changes."""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from streams.cli.tables import Cell, Listing
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.operations.console.pages import words
from streams.operations.console.pages.links import breakable, marked, shown, verbatim, why_href
from streams.operations.console.watching.poller import Poller
from streams.operations.console.watching.sources import Pollers

Clock = Callable[[], float]
"""The time in seconds since 1970."""
Operate = Callable[[ControlRecord], None]
"""Makes a change of a control; raises a `GoeswithError` where it does not hold."""
PART = "goeswith-part"
"""The header by which a page that is open asks for what changes."""
PAGES = (
    ("/", "Start"),
    ("/lag", "Lag"),
    ("/experiments", "Experiments"),
    ("/prompts", "Prompts"),
    ("/operations", "Operations"),
)


class Console(NamedTuple):
    """What the routes share."""

    settings: Settings
    sources: Pollers
    clock_s: Clock
    operate: Operate


async def console_of(request: Request) -> Console:
    """The console that serves a request."""
    console: Console = request.app.state.console
    return console


Here = Annotated[Console, Depends(console_of)]
"""A route's console."""


class Notice(NamedTuple):
    """That what a page shows is not of now, and why."""

    what: str
    said: str


class Cells(NamedTuple):
    """A table as a page has it: plain text, which the template escapes."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str
    notes: tuple[str, ...]
    words: frozenset[int]
    """The columns that hold words, by number: they begin at the left."""


def cells(listing: Listing) -> Cells:
    r"""A listing of the command line.

    >>> listing = Listing("arm", "95 % at\nany look", title="Evidence")
    >>> listing.add("popular", ".221 to .279")
    >>> cells(listing).columns, cells(listing).rows, cells(listing).words
    (('arm', '95 % at any look'), (('popular', '.221 to .279'),), frozenset({0}))
    """
    return Cells(
        tuple(" ".join(name.split()) for name in listing.columns),
        tuple(tuple(map(_plain, row)) for row in listing.rows),
        listing.title,
        tuple(listing.notes),
        frozenset(n for n, name in enumerate(listing.columns) if name in listing.words),
    )


def notices(here: Console, *pollers: Poller[Any]) -> list[Notice]:
    """Of which of these the page has no news, each cause once."""
    now_s, found = here.clock_s(), dict[str, Notice]()
    for poller in pollers:
        reading = poller.reading
        if reading.trouble:
            since = f"since {words.clock(reading.since_s)} UTC"
            shown = f"; shown is what was there at {words.clock(reading.at_s)} UTC"
            said = f"{reading.trouble} ({since}{shown if reading.at_s else ''})"
            cause, _, _ = reading.trouble.partition(" (")
            found.setdefault(cause, Notice(poller.name, said))
        elif poller.late(now_s):
            said = f"no answer since {words.clock(reading.at_s)} UTC; it is waited for"
            found.setdefault("late", Notice(poller.name, said))
    return list(found.values())


def rendered(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; of one that is open and asks for it, only what changes."""
    console: Console = request.app.state.console
    known: dict[str, Any] = {
        "pages": PAGES,
        "path": request.url.path,
        "prefix": console.settings.topic_prefix,
        "every_ms": round(1000 * console.settings.console_every_s),
        "visitor": getattr(request.state, "visitor", None),
        "now_s": console.clock_s(),
        "notices": [],
    }
    page = TEMPLATES.get_template(template)
    if request.headers.get(PART) and "live" in page.blocks:
        made = "".join(page.blocks["live"](page.new_context(known | values)))
    else:
        made = page.render(known | values)
    return HTMLResponse(made, status)


async def form_of(request: Request, bytes_max: int) -> dict[str, str]:
    """The fields of a form; answers 413 to a larger one."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.plain


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("streams.operations.console"),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("count", "rate", "span", "percent", "clock", "moment", "mebibytes", "sentence"):
        made.filters[name] = getattr(words, name)
    made.filters |= {"marked": marked, "why": why_href}
    made.filters |= {"breakable": breakable, "verbatim": verbatim}
    return made


TEMPLATES = _environment()
