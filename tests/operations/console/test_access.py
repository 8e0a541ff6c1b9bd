"""Who may look: the token, the cookie that it gives, and a proxy that is believed."""

import hmac
from hashlib import sha256

import httpx
import pytest
from pydantic import SecretStr

from streams.contract.errors import Misconfigured, MissingSecret
from streams.contract.settings import Settings
from streams.operations.console.access import COOKIE, PURPOSE, Door
from tests.operations.console.eyes import SETTINGS, WORD, Eyes

PAGES = ("/", "/lag", "/experiments", "/prompts", "/operations")
PROGRAMS = ("/api/start", "/api/lag", "/api/experiments", "/api/prompts", "/api/operations")
FILES = ("/experiments/arms.csv", "/experiments/uplift.csv")


def named(user: str, peer: str, **settings: object) -> tuple[Eyes, httpx.AsyncClient]:
    """A request in which somebody names a user."""
    believed = {"console_user_header": "X-Forwarded-User", "console_proxies": "10.0.0.0/8"}
    eyes = Eyes(Settings.model_validate({**SETTINGS.model_dump(), **believed, **settings}))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(eyes.app, client=(peer, 4711)),
        base_url="http://console",
        headers={"x-forwarded-user": user},
    )
    return eyes, client


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS, *FILES, "/nowhere", "/openapi.json"])
async def test_nobody_sees_anything_without_the_token(eyes: Eyes, path: str) -> None:
    """Neither a page, nor a part of it, nor a file, nor whether there is such a page."""
    async with eyes.client(token="") as http:
        for headers in ({}, {"Goeswith-Part": "live"}, {"authorization": "Bearer wrong"}):
            answer = await http.get(path, headers=headers)
            assert 401 == answer.status_code
            assert "goeswith.events" not in answer.text


async def test_an_address_with_the_token_becomes_a_cookie(eyes: Eyes) -> None:
    """Which no script reads and no other site sends; the address is without it from then on."""
    async with eyes.client(token="") as http:
        came = await http.get("/lag", params={"token": WORD, "x": "1"})
        cookie = came.headers["set-cookie"]

        assert (303, "/lag?x=1") == (came.status_code, came.headers["location"])
        assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in cookie.split(";")}
        assert WORD not in cookie
        assert 200 == (await http.get("/lag")).status_code


async def test_the_way_on_leads_nowhere_else(eyes: Eyes) -> None:
    """Two slashes would be another host's."""
    async with eyes.client(token="") as http:
        came = await http.get(f"http://console//evil.example/?token={WORD}")

        assert came.headers["location"].startswith("/evil.example")


async def test_who_is_refused_does_not_learn_whose_console_it_is(eyes: Eyes) -> None:
    """Nor by a page that there is not."""
    async with eyes.client(token="") as http:
        for path in ("/", "/enter"):
            assert "Shop" not in (await http.get(path)).text


async def test_the_form_takes_the_token_and_says_when_it_is_another(eyes: Eyes) -> None:
    """A body that has no end is not read."""
    async with eyes.client(token="") as http:
        wrong = await http.post("/enter", data={"token": "another"})
        assert 401 == wrong.status_code
        assert "That is not the token" in wrong.text
        assert 413 == (await http.post("/enter", content=b"x" * 10_000)).status_code
        assert 303 == (await http.post("/enter", data={"token": f" {WORD} "})).status_code
        assert 200 == (await http.get("/")).status_code


async def test_a_cookie_of_another_token_lets_nobody_in() -> None:
    """Whoever changes the token has shut everybody out."""
    other = Eyes(SETTINGS.model_copy(update={"console_token": Settings().console_token}))
    async with other.client(token="") as http:
        for cookie in ("", "x", "é", WORD):
            answer = await http.get("/", headers=[(b"cookie", f"{COOKIE}={cookie}".encode())])
            assert 401 == answer.status_code


async def test_a_proxy_is_believed_by_its_address_alone() -> None:
    """Anybody can write a header."""
    for peer, status in (("10.1.2.3", 200), ("192.0.2.1", 401), ("unix", 401)):
        _, client = named("ann", peer)
        async with client as http:
            answer = await http.get("/")
            assert status == answer.status_code
            assert ("seen by ann" in answer.text) == (status == 200)


async def test_no_header_is_believed_that_no_setting_names() -> None:
    """And nobody in particular is nobody."""
    for user, header in (("ann", ""), ("", "X-Forwarded-User")):
        _, client = named(user, "10.1.2.3", console_user_header=header)
        async with client as http:
            assert 401 == (await http.get("/")).status_code


async def test_where_a_proxy_asks_an_empty_token_is_none() -> None:
    """Nobody has to know it, so nobody may."""
    _, client = named("", "192.0.2.1", console_token="")
    async with client as http:
        for headers in ({"authorization": "Bearer "}, {"cookie": f"{COOKIE}="}, {}):
            assert 401 == (await http.get("/?token=", headers=headers)).status_code
        assert 401 == (await http.post("/enter", data={"token": ""})).status_code
        made = hmac.new(b"", PURPOSE, sha256).hexdigest()
        assert 401 == (await http.get("/", headers={"cookie": f"{COOKIE}={made}"})).status_code


async def test_behind_tls_the_cookie_is_for_tls_alone() -> None:
    """As the proxy says that it is; who is no proxy says nothing."""
    for peer, secure in (("10.1.2.3", True), ("192.0.2.1", False)):
        _, client = named("", peer)
        async with client as http:
            answer = await http.get(f"/?token={WORD}", headers={"x-forwarded-proto": "https"})
            assert secure == ("Secure" in answer.headers["set-cookie"])


async def test_every_answer_says_what_a_browser_may_do(eyes: Eyes) -> None:
    """No script or style but ours, in no frame, kept by nobody."""
    async with eyes.client() as http:
        for path in (*PAGES, "/nowhere", "/assets/console.js", "/api/lag"):
            answer = await http.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "nosniff" == answer.headers["x-content-type-options"]
            assert "DENY" == answer.headers["x-frame-options"]
        assert "no-store" == (await http.get("/")).headers["cache-control"]
        assert " style=" not in (await http.get("/")).text
        assert "<style" not in (await http.get("/")).text


async def test_assets_are_ours_alone(eyes: Eyes) -> None:
    """No path leads out of their folder, for whoever is known either."""
    async with eyes.client() as http:
        for path in ("/assets/..%2Fapp.py", "/assets/page.html", "/assets/"):
            assert 404 == (await http.get(path)).status_code
    async with eyes.client(token="") as http:
        assert 200 == (await http.get("/assets/console.css")).status_code


def test_a_console_that_anybody_could_see_does_not_start() -> None:
    """Nor one with a token that could be found by trying."""
    with pytest.raises(MissingSecret, match="GOESWITH_CONSOLE_TOKEN"):
        Door(Settings(console_host="192.0.2.1"))
    with pytest.raises(Misconfigured, match="shorter than 32"):
        Door(Settings(console_token=SecretStr(WORD[:31])))


def test_on_the_loopback_a_token_is_made_each_time() -> None:
    """Long enough; none is made where a proxy asks."""
    one, other = Door(Settings()), Door(Settings())

    assert one.made
    assert len(one.token) >= 32
    assert one.token != other.token
    assert not Door(Settings(console_user_header="X-User")).token
