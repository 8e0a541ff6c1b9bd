"""The one page that all pages of the demo's shop are made of, in a language, under a strict policy.

The page's scripts fill it in; what is written here is escaped.
"""

import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from streams.lab.demo.shops.assortment import LANGUAGES, Assortment
from streams.lab.demo.web.doors import Doors
from streams.storefront.gateway.browser.files import browser_file

RIGHT_TO_LEFT = ("ar", "fa", "ur")
ASSETS = {
    "shop.css": "text/css",
    "drawer.css": "text/css",
    "shop.js": "text/javascript",
    "basket.js": "text/javascript",
    "drawer.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self' {gateway}; connect-src 'self' {gateway}; "
    "style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def asset(name: str) -> str:
    """A file of ours, as text."""
    folder = files("streams.lab.demo.web").joinpath("assets")
    return folder.joinpath(name).read_text(encoding="utf-8")


@cache
def words(language: str) -> Mapping[str, str]:
    """What the shop's pages say, in one of `LANGUAGES`."""
    said: Mapping[str, str] = json.loads(asset("words.json"))[language]
    return said


def policy(gateway: str) -> str:
    """The Content-Security-Policy: scripts of ours and of the gateway, nothing inline."""
    return POLICY.format(gateway=gateway)


def language_of(asked: str | None, kept: str | None, accepted: str) -> str:
    """What was asked for, else what was asked for before, else what the browser likes best.

    >>> language_of(None, None, "pt-BR,ur;q=0.8,en;q=0.5"), language_of("de", "fr", "en")
    ('ur', 'de')
    """
    liked = (each.split(";")[0].strip().split("-")[0].lower() for each in accepted.split(","))
    return next((each for each in (asked, kept, *liked) if each in LANGUAGES), LANGUAGES[0])


def render(
    shop: Assortment, doors: Doors, *, page: str, path: str, item: str, language: str
) -> str:
    """A page; `item` is what it is about, or empty. Raises `KeyError` for none of the shop's."""
    said = words(language)
    title = shop.items[item].titles[language] if item else shop.titles[language]
    values = {
        "lang": language,
        "dir": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "page": page,
        "path": path,
        "item": item,
        "title": title,
        "shop": shop.titles[language],
        "skip": said["skip"],
        "language": said["language"],
        "basket": said["basket"],
        "decided": said["decided"],
        "gateway": doors.gateway,
        "integrity": browser_file("goes-with.js").integrity,
        "console": doors.console_page("/"),
        "console_prompts": doors.console_page("/prompts"),
        "console_lag": doors.console_page("/lag"),
        "console_operations": doors.console_page("/operations"),
        "console_arms": doors.console_page("/experiments"),
    }
    escaped = {name: escape(value) for name, value in values.items()}
    view = f'view="{escape(item)}"' if item else ""
    intro = f'<p class="intro">{escape(said["intro"])}</p>' if page == "home" else ""
    more = {"languages": _options(language), "view": view, "intro": intro}
    return Template(asset("page.html")).substitute(escaped, **more)


def _options(chosen: str) -> str:
    return "".join(
        f'<option value="{each}" lang="{each}"{" selected" if each == chosen else ""}>'
        f"{escape(words(each)['native'])}</option>"
        for each in LANGUAGES
    )


def shop_in(shop: Assortment, language: str) -> dict[str, Any]:
    """All that the page's scripts need of the shop, in a language."""
    shelves = {
        name: [item.item_id for item in shop.items.values() if item.category == name]
        for name in shop.categories
    }
    return {
        "words": words(language),
        "currency": shop.currency,
        "shelves": [
            {"id": name, "title": shop.categories[name].titles[language], "items": items}
            for name, items in shelves.items()
        ],
        "items": {
            item.item_id: {
                "title": item.titles[language],
                "price_minor": item.price_minor,
                "category": item.category,
                "shelf": item.category,
            }
            for item in shop.items.values()
        },
    }
