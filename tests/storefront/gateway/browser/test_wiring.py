"""The shops of docs/wiring.md, wired: its pixel in a real sandbox, its plugin in a real PHP."""

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Page

from streams.storefront.gateway.access.tokens import SessionOwner, SessionTokens
from tests.storefront.gateway.browser.shop import KEY, WAIT_S_MAX, ShopWithGateway, offer
from tests.storefront.gateway.browser.test_in_a_browser import now_ms

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs" / "wiring.md").read_text()
GATEWAY_GUIDE = (ROOT / "docs" / "gateway.md").read_text()
PLUGIN = ROOT / "examples" / "woocommerce" / "goeswith.php"
LINES_MAX, COLUMNS_MAX = 108, 100
NOW_S = 1_767_268_800
ADDED = {
    "id": "sh-4b2a",
    "name": "product_added_to_cart",
    "timestamp": "2026-01-01T12:00:00.000Z",
    "clientId": "2c8d9a1e",
    "context": {"navigator": {"userAgent": "Mozilla/5.0"}},
    "data": {
        "cartLine": {
            "quantity": 1,
            "merchandise": {
                "id": "44",
                "product": {"id": "42", "title": "Bread"},
                "price": {"amount": 2.49, "currencyCode": "EUR"},
            },
        }
    },
}
SHOPIFY = """
const cookies = %s, init = {customerPrivacy: {analyticsProcessingAllowed: true,
  preferencesProcessingAllowed: true}, data: {customer: null}};
const browser = {cookie: {get: async (name) => cookies[name] ?? ""}};
const api = {customerPrivacy: {subscribe() {}}};
const analytics = {subscribe: (name, told) => setTimeout(() => told(%s), 50)};
"""
"""What Shopify gives a custom pixel, as far as this one asks for it."""
WORDPRESS = Path(__file__).with_name("wordpress.php")
"""WordPress and WooCommerce, as far as the plugin asks for them."""


def pixel(gateway: str) -> str:
    """The guide's pixel, for this gateway."""
    found = re.search(r"<!-- the pixel.*?```js\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1].replace("https://events.shop.example", gateway)


async def run_pixel(context: BrowserContext, shop: ShopWithGateway, token: str) -> Page:
    """Let it be told of an add, in a frame as Shopify has it: scripts, and no origin."""
    given = SHOPIFY % (json.dumps({"goeswith_token": token}), json.dumps(ADDED))
    page = await context.new_page()
    await page.goto(f"{shop.gateway}/healthz")  # a page without a policy of its own
    await page.evaluate(
        """(script) => {
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts allow-forms";
          frame.srcdoc = `<script>${script}</` + "script>";
          document.body.append(frame);
        }""",
        given + pixel(shop.gateway),
    )
    return page


def token(session_id: str = "session-7") -> str:
    """As the shop's function has it from the gateway."""
    tokens = SessionTokens([KEY], "goeswith", life_s=900)
    return tokens.mint(SessionOwner(session_id=session_id), now_s=_now_s())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_pixel_in_its_sandbox_is_heard_where_null_is_listed(
    context: BrowserContext, shop: ShopWithGateway
) -> None:
    """The event is of the token's session, not of what the pixel says."""
    await shop.kill()
    await shop.open(gateway_origins=f"{shop.url},null")
    page = await run_pixel(context, shop, token())
    await shop.comes_to(lambda: shop.said("item_added"))
    await page.close()
    (event,) = shop.said("item_added")

    assert ("session-7", "42", 249, "EUR") == (
        event.session_id,
        event.item_id,
        event.price_minor,
        event.currency,
    )


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("origins", "credential", "reason"),
    [("", "good", "origin"), (",null", "forged", "token_invalid")],
    ids=["origin", "token"],
)
async def test_a_pixel_is_not_heard_without_null_or_without_a_token(
    context: BrowserContext, shop: ShopWithGateway, origins: str, credential: str, reason: str
) -> None:
    """Either is enough to be refused; the gateway counts why."""
    await shop.kill()
    await shop.open(gateway_origins=shop.url + origins)
    page = await run_pixel(context, shop, token() if credential == "good" else credential)
    refused = f'goeswith_gateway_refusals_total{{reason="{reason}"}} 1.0'
    async with asyncio.timeout(WAIT_S_MAX), httpx.AsyncClient(base_url=shop.gateway) as operator:
        while refused not in (await operator.get("/metrics")).text:
            await asyncio.sleep(0.05)
    await page.close()

    assert [] == shop.bus.records


async def streams_come_to(shop: ShopWithGateway, number: int) -> None:
    """Wait until so many are open at the gateway."""
    told = f"goeswith_gateway_streams {number}.0\n"
    async with asyncio.timeout(WAIT_S_MAX), httpx.AsyncClient(base_url=shop.gateway) as operator:
        while told not in (await operator.get("/metrics")).text:
            await asyncio.sleep(0.05)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_pages_own_script_listens_while_it_is_looked_at(
    context: BrowserContext, shop: ShopWithGateway
) -> None:
    """A hidden page has no stream; seen again it hears what came meanwhile, and that once."""
    found = re.search(r"\*\*4\. .*?```js\n(.*?)```", GATEWAY_GUIDE, re.DOTALL)
    assert found is not None
    page = await context.new_page()
    await page.goto(f"{shop.gateway}/healthz")  # a page without a policy of its own
    looked_at = """(seen) => {
      Object.defineProperty(document, "hidden", { value: !seen, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(
        f"""([GATEWAY, token]) => {{
          window.shown = [];
          const show = (prompt) => shown.push(prompt.items[0].item_id), hide = () => {{}};
          {found[1]}
        }}""",
        [shop.gateway, token()],
    )
    await streams_come_to(shop, 1)
    shop.bus.publish(offer("session-7", "e1", now_ms(), "butter"))
    await page.wait_for_function("() => shown.length")
    await page.evaluate(looked_at, False)
    await streams_come_to(shop, 0)
    shop.bus.publish(offer("session-7", "e2", now_ms(), "jam"))
    await page.evaluate(looked_at, True)
    await streams_come_to(shop, 1)
    await page.wait_for_function("() => shown.length > 1")

    assert ["butter", "jam"] == await page.evaluate("shown")
    await page.close()


ADD = ["woocommerce_add_to_cart", "kept", 42, 2, 0, [], []]
MORE = ["woocommerce_after_cart_item_quantity_update", "kept", 3, 1, None]
"""What is called before `ADD`, where one was there already; or where a shopper wants more."""
FEWER = ["woocommerce_after_cart_item_quantity_update", "kept", 1, 3, None]
OUT = ["woocommerce_cart_item_removed", "gone", None]
EMPTY = ["woocommerce_cart_emptied", True]
ORDERS = ["woocommerce_checkout_order_processed", "woocommerce_store_api_checkout_order_processed"]
PAID = ["template_redirect", EMPTY]
"""Back from where it was paid the page of thanks empties the basket."""
BACK = ["woocommerce_cart_item_restored", "kept", None]


async def php(
    gateway: str,
    hooks: Sequence[Sequence[object]] = (),
    cart: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """What the plugin says in a request, in a WordPress that is none."""
    about = (str(PLUGIN), gateway, KEY, "2.sealed", str(NOW_S))
    arguments = (*about, json.dumps(hooks), json.dumps(cart or {}))
    program = shutil.which("php")
    if program is None:
        said = "no php here: .ci/install as root installs what the examples need"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
    read = asyncio.subprocess.PIPE
    done = await asyncio.create_subprocess_exec(
        str(program), str(WORDPRESS), *arguments, stdout=read, stderr=read
    )
    said_, wrong = await done.communicate()
    assert 0 == done.returncode, wrong.decode() + said_.decode()
    told: dict[str, Any] = json.loads(said_)
    return told


@pytest.mark.asyncio(loop_scope="module")
async def test_the_plugin_speaks_for_its_shop(shop: ShopWithGateway) -> None:
    """Token, items in stock, the element, the add with its receipt, the order's session."""
    said = await php(shop.gateway, [ADD])
    tokens = SessionTokens([KEY], "goeswith", life_s=3_600)
    (event,) = shop.said("item_added")
    session = said["session"]

    assert session == tokens.read(said["token"], _now_s()).session_id == event.session_id
    dated = tokens.read(said["dated"], NOW_S)
    assert ("visit", NOW_S, NOW_S + 900) == (dated.session_id, dated.iat, dated.exp)
    assert ("42", 2, "2.sealed") == (event.item_id, event.quantity, event.receipt)
    assert {"42": {"title", "url", "image", "price"}} == {
        id_: set(item) for id_, item in said["items"].items()
    }
    assert ("Bread & <b>butter</b>", "€2.49") == (
        said["items"]["42"]["title"],
        said["items"]["42"]["price"],
    )
    assert f'src="{shop.gateway}/v1/goes-with.js"' in said["page"]
    assert 'token-url="https://shop.example/wp-json/goeswith/v1/token"' in said["page"]
    assert 'view="42"' in said["page"]
    kept = {"goeswith_session": session}
    assert [kept, 0, kept, 1] == said["orders"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("hooks", "told"),
    [
        ([OUT], ["basket_updated"]),
        ([BACK], ["basket_updated"]),
        ([MORE], ["basket_updated"]),
        ([FEWER, OUT, OUT], ["basket_updated"]),
        ([ADD], ["item_added"]),
        ([MORE, ADD], ["item_added"]),
        ([MORE, ADD, FEWER], ["item_added", "basket_updated"]),
        ([["woocommerce_cart_item_removed", "kept", None], ADD], ["item_added", "basket_updated"]),
        ([], []),
        ([EMPTY], ["basket_updated"]),
        ([EMPTY, ADD], ["item_added", "basket_updated"]),
        ([[ORDERS[0], 5], EMPTY], []),
        ([[ORDERS[1], 5], EMPTY], []),
        ([PAID], []),
        ([["template_redirect", ["wc_ajax_empty", EMPTY]]], ["basket_updated"]),
    ],
    ids=[
        *("out", "back", "more", "several", "add", "add more", "both", "anew", "nothing"),
        *("emptied", "emptied and added", "ordered", "ordered by blocks", "paid", "by script"),
    ],
)
async def test_the_plugin_tells_the_basket_where_no_add_does(
    shop: ShopWithGateway, hooks: list[list[object]], told: list[str]
) -> None:
    """All of it, once for a request and after what it added; an add is told once."""
    cart = {
        "kept": {"product_id": 42, "variation_id": 7, "quantity": 3, "data": {}},
        "other": {"product_id": 44, "variation_id": 0, "quantity": 1, "data": {}},
    }
    said = await php(shop.gateway, hooks, cart)

    assert told == [event.type for event in shop.bus.events]
    assert {said["session"]} >= {event.session_id for event in shop.bus.events}
    for event in shop.said("basket_updated"):
        assert [("42", 3), ("44", 1)] == [(line.item_id, line.quantity) for line in event.lines]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_plugin_tells_that_the_basket_is_empty(shop: ShopWithGateway) -> None:
    """By no lines."""
    await php(shop.gateway, [OUT])
    (event,) = shop.said("basket_updated")

    assert () == event.lines


def test_the_plugin_is_read_in_one_go() -> None:
    """It is longer than the other examples: it has the page as well as the server."""
    lines = PLUGIN.read_text().splitlines()

    assert len(lines) <= LINES_MAX
    assert max(map(len, lines)) <= COLUMNS_MAX


def _now_s() -> int:
    """A gateway with the world's clock reads these."""
    return int(time.time())
