"""What the shop's server answers, and to whom: pages, tokens, stories, orders."""

import re
import socket
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from streams.contract.schemas.examples import SECRET
from streams.contract.settings import Settings
from streams.lab.demo.shops.assortment import GROCERY
from streams.lab.demo.web.app import ShopPages
from streams.lab.demo.web.doors import Doors
from streams.lab.demo.web.stories import VisitStories
from streams.lab.demo.web.visits import COOKIE
from streams.lab.embedded.worker_process import ProgramProcess
from streams.shop.shop import Shop
from streams.storefront.gateway.access.tokens import SessionTokens
from tests.stories import NOON_MS, Story

SETTINGS = Settings(
    receipt_secret=SecretStr(SECRET),
    gateway_keys=SecretStr("no secret at all and long enough for one"),
    console_token=SecretStr("a token that is long enough for one"),
)
NOBODY = "http://127.0.0.1:1"
JSON = {"Content-Type": "application/json"}


class Server:
    """The shop's server, without doors that lead anywhere."""

    def __init__(self) -> None:
        self.shop = Shop(SETTINGS)
        self.stories = VisitStories(self.shop, SETTINGS, GROCERY)
        gateway, console = (ProgramProcess(name, SETTINGS) for name in ("gateway", "console"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            doors = Doors(SETTINGS, listener, NOBODY, NOBODY, NOBODY, gateway, console)
        self.app = ShopPages(GROCERY, doors, self.stories).app()

    def browser(self, host: str = "127.0.0.1:8000") -> httpx.AsyncClient:
        """Somebody with cookies of their own."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


@pytest.fixture
def server() -> Server:
    """One that nobody has visited."""
    return Server()


@pytest_asyncio.fixture
async def ann(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has loaded a page."""
    async with server.browser() as client:
        assert 200 == (await client.get("/")).status_code
        yield client


@pytest.mark.parametrize("path", ["/", "/item/bread", "/basket", "/checkout", "/thanks"])
async def test_a_page_comes_under_a_strict_policy(server: Server, path: str) -> None:
    """With the session's cookie out of reach of scripts and of other sites."""
    async with server.browser() as client:
        answer = await client.get(path, headers={"Accept-Language": "fa"})
    policy, cookies = (
        answer.headers["content-security-policy"],
        answer.headers.get_list("set-cookie"),
    )

    assert 'lang="fa" dir="rtl"' in answer.text
    assert {"default-src 'none'", f"script-src 'self' {NOBODY}"} <= set(policy.split("; "))
    assert all("HttpOnly" in cookie for cookie in cookies)
    assert any("SameSite=strict" in cookie for cookie in cookies if cookie.startswith(COOKIE))


async def test_a_visit_goes_on_from_page_to_page(server: Server, ann: httpx.AsyncClient) -> None:
    """Its token is of its own session, and of nobody else's."""
    tokens = SessionTokens(SETTINGS.shop_keys, SETTINGS.topic_prefix, 3600)
    said = []
    for _ in range(2):
        await ann.get("/item/bread")
        said.append((await ann.get("/session-token")).text)
    async with server.browser() as bob:
        await bob.get("/")
        said.append((await bob.get("/session-token")).text)
    one, same, other = (tokens.read(token, time.time()).session_id for token in said)

    assert one == same != other
    assert one == ann.cookies[COOKIE]


async def test_a_story_is_told_to_its_own_visit_alone(
    server: Server, ann: httpx.AsyncClient
) -> None:
    """Whoever has no cookie, or another one, is told nothing of it."""
    await ann.get("/session-token")
    event = Story(ann.cookies[COOKIE]).view("bread")
    server.shop.learn(0, 0, event)
    server.stories.folded(0, 0, event, NOON_MS)
    hers = (await ann.get("/story")).json()["steps"]
    async with server.browser() as bob:
        nobodys = (await bob.get("/story")).json()["steps"]
        await bob.get("/")
        bobs = (await bob.get("/story?after=0")).json()["steps"]

    assert ["item_viewed"] == [step["type"] for step in hers if step["kind"] == "event"]
    assert [] == nobodys == bobs
    for number in ("x", "-1", "9" * 40):
        assert hers == (await ann.get(f"/story?after={number}")).json()["steps"]


async def test_who_has_no_visit_gets_no_token(server: Server) -> None:
    """Nor does a cookie that is none of ours make one."""
    async with server.browser() as client:
        assert 403 == (await client.get("/session-token")).status_code
        client.cookies.set(COOKIE, "visit-1")
        assert 403 == (await client.get("/session-token")).status_code


async def test_a_new_visit_is_another_session(ann: httpx.AsyncClient) -> None:
    """When it is asked for as our own pages ask; a form of another site's changes nothing."""
    before = ann.cookies[COOKIE]
    assert 400 == (await ann.post("/visit", data={"a": "b"})).status_code
    assert before == ann.cookies[COOKIE]
    await ann.post("/visit", content="{}", headers=JSON)

    assert before != ann.cookies[COOKIE]


async def test_an_order_that_the_gateway_does_not_take_is_not_placed(
    ann: httpx.AsyncClient,
) -> None:
    """The shopper is told, and may try again; neither is a form of others an order."""
    away = await ann.post("/order", content='{"lines": {"bread": 1}}', headers=JSON)
    form = await ann.post("/order", data={"lines": "bread"})
    large = await ann.post("/order", content="[" * 30_000, headers=JSON)

    assert (503, False) == (away.status_code, away.json()["ordered"])
    assert (400, 400) == (form.status_code, large.status_code)


@pytest.mark.parametrize(
    "path", ["/item/dress-1", "/assets/page.html", "/assets/..%2Fapp.py", "/pictures/dress-1.svg"]
)
async def test_what_is_not_there_is_not_there(ann: httpx.AsyncClient, path: str) -> None:
    """No item of another shop, and no file but those of the pages."""
    assert 404 == (await ann.get(path)).status_code


async def test_another_name_does_not_lead_here(server: Server) -> None:
    """A site whose name is pointed at the loopback learns neither a token nor the console's."""
    async with server.browser("shop.example") as client:
        answer = await client.get("/")

    assert 400 == answer.status_code
    assert "token" not in answer.text


async def test_the_page_leads_to_the_console(ann: httpx.AsyncClient) -> None:
    """To prompts, lag and arms, each in one click."""
    links = re.findall(rf'href="{NOBODY}(/\w*)\?token=', (await ann.get("/")).text)

    assert ["/prompts", "/lag", "/experiments", "/operations", "/"] == links


async def test_whose_visit_it_is_finds_its_story_in_the_console(
    server: Server, ann: httpx.AsyncClient
) -> None:
    """By a redirect that lets them in; who has no visit is back at the shop."""
    there = await ann.get("/visit/story")
    visit = ann.cookies[COOKIE]
    async with server.browser() as nobody:
        back = await nobody.get("/visit/story")

    token = SETTINGS.console_token.get_secret_value().replace(" ", "+")
    assert 303 == there.status_code
    assert f"{NOBODY}/prompts?session={visit}&token={token}" == there.headers["location"]
    assert "no-store" == there.headers["cache-control"]
    assert "/" == back.headers["location"]
