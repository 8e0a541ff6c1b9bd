"""What pages load: small, known by its hash, kept by browsers, and what its types say."""

import gzip
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.shop.decision.languages.messages import TEXTS
from streams.storefront.gateway.browser.files import NAMES, ROOM, browser_file
from tests.storefront.gateway.shopfront import SHOP, Shopfront, says_nothing

DOCS = Path(__file__).parents[4] / "docs" / "element.md"
PACKED_BYTES_MAX = 13 * 1024
CLIENT = (ROOM / "client.js").read_text()
ELEMENT = (ROOM / "goes-with.js").read_text()


async def asked(path: str, **headers: str) -> httpx.Response:
    """What a gateway says."""
    front = Shopfront(says_nothing)
    try:
        return await front.http.get(path, headers=headers)
    finally:
        await front.http.aclose()


def test_the_element_is_one_small_file() -> None:
    """With the client in it: nothing else is loaded."""
    element = browser_file("goes-with.js")

    assert len(element.packed) <= PACKED_BYTES_MAX
    assert [] == re.findall(rb"^(?:import|export \*).*", element.text, re.MULTILINE)
    assert b"import(" not in element.text
    assert element.text.startswith(browser_file("client.js").text)


def test_what_is_served_is_what_was_written_without_its_comments() -> None:
    """Nothing else is taken out: every line of program is there, in order."""
    for name, written in (("client.js", CLIENT), ("goes-with.js", CLIENT + ELEMENT)):
        lines = [line.strip() for line in written.splitlines()]
        program = [
            line
            for line in lines
            if not re.fullmatch(r"//.*|/\*\*.+\*/", line) and './client.js"' not in line
        ]

        assert program == [line.rstrip() for line in served(name)]


def served(name: str) -> list[str]:
    """The lines of a file as a browser has it."""
    return browser_file(name).text.decode().splitlines()


async def test_a_page_can_name_it_by_its_hash() -> None:
    """The one that the docs have, and the gateway tells."""
    told = (await asked("/v1/scripts")).json()

    assert [*NAMES] == [*told]
    assert told["goes-with.js"]["integrity"] == browser_file("goes-with.js").integrity
    assert told["goes-with.js"]["integrity"] in DOCS.read_text(), "run `make docs`"


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_is_handed_out_packed_and_kept(name: str) -> None:
    """To who understands that; who has it, is told so."""
    plain = await asked(f"/v1/{name}", **{"accept-encoding": "identity"})
    packed = await asked(f"/v1/{name}", origin=SHOP)
    again = await asked(f"/v1/{name}", **{"if-none-match": f"W/{plain.headers['etag']}"})

    assert plain.content == packed.content == browser_file(name).text
    assert "gzip" == packed.headers["content-encoding"]
    assert SHOP == packed.headers["access-control-allow-origin"]
    assert {"Accept-Encoding", "Origin"} <= set(packed.headers["vary"].split(", "))
    assert "public, no-cache" == plain.headers["cache-control"]
    assert (304, b"") == (again.status_code, again.content)
    assert name.endswith(".js") == plain.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    ("liked", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, identity", False),
        ("", False),
    ],
)
async def test_a_file_is_packed_for_who_likes_that(liked: str, packed: bool) -> None:
    """A weight of 0 is a no (RFC 9110, 12.4.2)."""
    answer = await asked("/v1/client.js", **{"accept-encoding": liked})

    assert packed == ("content-encoding" in answer.headers)


@pytest.mark.parametrize("name", ["files.py", "other.js", "..%2fapp.js", "client.ts"])
async def test_nothing_else_is_handed_out(name: str) -> None:
    """And it is said in the way of all refusals."""
    answer = await asked(f"/v1/{name}")

    assert 404 == answer.status_code
    assert {"reason", "message"} == answer.json().keys()


async def test_pages_of_others_are_told_that_they_may_not() -> None:
    """They could send nothing."""
    answer = await asked("/v1/goes-with.js", origin="https://evil.example")

    assert (403, "origin") == (answer.status_code, answer.json()["reason"])


def public(text: str, name: str) -> set[str]:
    """The public names of a class, in a program or in its types."""
    body = text.partition(f"class {name} ")[2].partition("\n}\n")[0]
    found = re.findall(r"^  (?:readonly |get |set )?(\w+)\??[(:;]", body, re.MULTILINE)
    return set(found) - {"constructor", "addEventListener"}


def test_the_types_name_what_there_is() -> None:
    """No more and no less."""
    client, element = ((ROOM / f"{name}.d.ts").read_text() for name in ("client", "goes-with"))
    callbacks = {"connectedCallback", "disconnectedCallback", "attributeChangedCallback"}

    assert public(client, "Client") == public(CLIENT, "Client")
    assert public(element, "GoesWith") == public(ELEMENT, "GoesWith") - callbacks
    told = set(re.findall(r'"(goes-with:\w+)"', ELEMENT))
    assert told == set(re.findall(r'"(goes-with:\w+)"', element))
    assert told <= set(re.findall(r"`(goes-with:\w+)`", DOCS.read_text()))


def test_every_custom_property_and_part_is_in_the_docs() -> None:
    """And none that there is not."""
    page = DOCS.read_text()
    used = set(re.findall(r"var\((--goes-with-[\w-]+)", ELEMENT))
    parts = set(re.findall(r'make\("\w+", "([a-z]+)"', ELEMENT)) | {"title"}

    assert used == set(re.findall(r"`(--goes-with-[\w-]+)`", page))
    assert parts == set(re.findall(r"^\| `::part\((\w+)\)`", page, re.MULTILINE))


def test_the_element_knows_which_languages_reasons_are_in() -> None:
    """And has words of its own in these and in others."""
    spoken = re.search(r"SPOKEN = \[(.*?)\]", ELEMENT)
    words: Any = re.search(r"WORDS = \{\n(.*?)\n\};", ELEMENT, re.DOTALL)
    assert spoken is not None
    assert words is not None
    lines = dict(re.findall(r'^  (\w\w): "(.*)",$', words[1], re.MULTILINE))

    assert set(TEXTS) == set(re.findall(r'"(\w+)"', spoken[1]))
    assert set(TEXTS) | {"ar", "fa", "ur"} <= lines.keys()
    for line in lines.values():
        goes, label, add, added, dismiss, failed, saves, missing = line.split("|")
        assert "{anchor}" in goes
        assert "{title}" in added
        assert 1 == saves.count("{price}") == missing.count("{price}")
        assert all((label, add, dismiss, failed))


def test_a_file_is_packed_the_same_each_time() -> None:
    """Caches of many gateways hold one."""
    file = browser_file("client.js")

    assert gzip.compress(file.text, mtime=0) == file.packed
