"""The shop's pages and pictures, and what its server takes: without a browser and without Kafka."""

import json
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from pydantic import SecretStr

from streams.contract.events import ANY_EVENT
from streams.contract.settings import Settings
from streams.lab.demo.shops.assortment import GROCERY, LANGUAGES, SHOPS, assortment
from streams.lab.demo.web.orders import CannotOrder, order_event
from streams.lab.demo.web.page import asset, language_of, policy, shop_in, words
from streams.lab.demo.web.pictures import picture
from streams.lab.demo.web.visits import Visits
from streams.shop.people.assignment import Experiment

KEY = SecretStr("no secret at all and long enough for one")


class Attributes(HTMLParser):
    """Collects the attributes and the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        self.names |= {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(tag)


def test_every_language_says_everything() -> None:
    """The same words in each of the ten, none of them empty."""
    said = {language: words(language) for language in LANGUAGES}

    assert list(LANGUAGES) == list(json.loads(asset("words.json")))
    assert all(set(each) == set(said["en"]) for each in said.values())
    assert all(text.strip() for each in said.values() for text in each.values())


def test_the_page_has_nothing_inline() -> None:
    """Neither scripts, nor styles, nor handlers: the policy would not have them."""
    page = Attributes()
    page.feed(asset("page.html"))

    assert [] == page.inline
    assert not {name for name in page.names if name == "style" or name.startswith("on")}
    assert "unsafe" not in policy("http://127.0.0.1:1")


def test_scripts_make_text_and_never_markup() -> None:
    """None of the ways in which a title could become markup is in them."""
    markup = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    scripts = {name: asset(name) for name in ("shop.js", "basket.js", "drawer.js")}

    assert [] == [(name, word) for name, text in scripts.items() for word in markup if word in text]


@pytest.mark.parametrize("name", SHOPS)
def test_everything_has_a_picture(name: str) -> None:
    """One of its own, which is SVG."""
    shop = assortment(name)
    drawn = {item: picture(shop, item) for item in shop.items}

    assert len(drawn) == len(set(drawn.values()))
    assert all(fromstring(text).tag.endswith("svg") for text in drawn.values())  # noqa: S314  # ours


@pytest.mark.parametrize("name", SHOPS)
def test_the_pages_know_all_of_the_shop(name: str) -> None:
    """Each item is on one shelf, with its title."""
    shop = assortment(name)
    said = shop_in(shop, "si")
    on_shelves = [item for shelf in said["shelves"] for item in shelf["items"]]

    assert sorted(on_shelves) == sorted(shop.items) == sorted(said["items"])
    assert all(said["items"][id_]["title"] == shop.items[id_].titles["si"] for id_ in shop.items)


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        ("bn", "de", "fr", "bn"),
        ("xx", "de", "fr", "de"),
        (None, None, "fr-CA,de;q=0.5", "fr"),
        (None, "<script>", "zz", "en"),
        (None, None, "", "en"),
    ],
    ids=["asked", "kept", "accepted", "unknown", "nothing"],
)
def test_a_language_is_chosen(
    asked: str | None, kept: str | None, accepted: str, language: str
) -> None:
    """What is asked for, else what was, else what the browser likes, else English."""
    assert language == language_of(asked, kept, accepted)


def test_a_visitor_is_never_held_out() -> None:
    """However large the holdout: who looks at the demo shall see prompts."""
    settings = Settings(gateway_keys=KEY, holdout_share=0.7)
    experiment, visits = Experiment.of(settings), Visits(settings)
    assert experiment is not None

    assert not any(experiment.draw(visits.begin())[0] for _ in range(100))


def test_an_order_is_told_with_the_shops_own_prices() -> None:
    """Whatever the page says of them; it is an event of the contract."""
    event = order_event(GROCERY, "visitor-1", b'{"lines": {"bread": 2}, "price_minor": 1}')
    read: Any = ANY_EVENT.validate_json(json.dumps(event | {"occurred_at_ms": 1_767_225_600_000}))

    assert [("bread", 2, 249)] == [
        (line.item_id, line.quantity, line.price_minor) for line in read.lines
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"lines": {}}',
        b'{"lines": {"dress-1": 1}}',
        b'{"lines": {"bread": 0}}',
        b'{"lines": {"bread": 1e9}}',
        b'{"lines": {"bread": "<b>"}}',
    ],
    ids=["nothing", "list", "empty", "foreign", "none", "too-many", "markup"],
)
def test_what_is_no_basket_is_not_ordered(body: bytes) -> None:
    """It is said so; nothing reaches the gateway."""
    with pytest.raises(CannotOrder):
        order_event(GROCERY, "visitor-1", body)
