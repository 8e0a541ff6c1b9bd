"""What a prompt brings beside its items, as shoppers read it: sentences, or an amount."""

import re
from typing import Any

import pytest
from iso4217 import Currency
from playwright.async_api import BrowserContext

from streams.contract.events.currencies import decimals
from streams.contract.published.prompts import Prompt, Reason
from streams.contract.wire.shop.offers import (
    BundleOffer,
    FreeShippingOffer,
    LoyaltyOffer,
    Offer,
)
from streams.shop.decision.languages.messages import reason
from streams.storefront.gateway.browser.files import ROOM
from tests.storefront.gateway.browser.shop import Shopper, ShopWithGateway, offer
from tests.storefront.gateway.browser.test_in_a_browser import HOSTILE, now_ms, violations

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUNDLE = BundleOffer(
    bundle="breakfast",
    bundle_items=("bread", "butter"),
    price_minor=739,
    discount_minor=150_000,
    currency="EUR",
)
SHIPPING = FreeShippingOffer(missing_minor=2_000, threshold_minor=5_000, currency="EUR")
POINTS = LoyaltyOffer(tier="member", points=(90,))


async def brought(
    shop: ShopWithGateway, ann: Shopper, said: Offer | None, key: str, *items: str
) -> Prompt:
    """A prompt with such an offer, once it is shown."""
    lang = await ann.page.evaluate("document.documentElement.lang")
    made = offer(await ann.session(), "e1", now_ms(), *items or ("butter",), locale=lang)
    why = reason(key, anchor="bread", locale=lang)
    prompt = made.model_copy(update={"offer": said, "reason": Reason.model_validate(why)})
    await shop.comes_to(lambda: shop.said("item_viewed"))
    shop.bus.publish(prompt)
    await ann.prompt.wait_for()
    return prompt


async def lines(ann: Shopper) -> list[str]:
    """What is read of the offer."""
    told = await ann.prompt.locator("[part=offer]").all_inner_texts()
    return [line.replace("\xa0", " ").replace("\u202f", " ") for line in told]


@pytest.mark.parametrize(
    ("lang", "key", "said", "told"),
    [
        ("en", "bundle", BUNDLE, "You save €1,500.00"),
        ("de", "bundle", BUNDLE, "Ersparnis: 1.500,00 €"),
        ("it", "bundle", BUNDLE, "Risparmio: 1500,00 €"),
        ("en", "bundle", BUNDLE.model_copy(update={"currency": "JPY"}), "You save ¥150,000"),
        ("en", "bundle", BUNDLE.model_copy(update={"currency": "IQD"}), "You save IQD 150"),
        ("en", "top_up", SHIPPING, "€20.00 away from free shipping"),
        ("fr", "top_up", SHIPPING, "Il manque 20,00 € pour la livraison gratuite"),
    ],
)
async def test_an_offer_says_what_it_comes_to(
    shop: ShopWithGateway, context: BrowserContext, lang: str, key: str, said: Offer, told: str
) -> None:
    """Below the reason, as the page's language writes amounts; a screen reader is told, too."""
    async with shop.shopper(context, f"/?lang={lang}") as ann:
        await brought(shop, ann, said, key)

        assert [told] == await lines(ann)
        heard = await ann.page.locator("goes-with [part=status]").inner_text()
        assert told in heard.replace("\xa0", " ").replace("\u202f", " ")
        assert [] == ann.errors


@pytest.mark.parametrize(
    ("lang", "direction", "texts"),
    [
        ("en", "ltr", ("With this you reach gold", "Your 1,920 points are worth €19.20")),
        ("ur", "rtl", ("gold تک پہنچنے کے لیے", "آپ کے 1,920 پوائنٹس")),
        ("en", "ltr", (HOSTILE,)),
    ],
)
async def test_sentences_of_an_offer_are_shown_as_they_are(
    shop: ShopWithGateway,
    context: BrowserContext,
    lang: str,
    direction: str,
    texts: tuple[str, ...],
) -> None:
    """A line each, plain text, in the reason's direction."""
    async with shop.shopper(context, f"/?lang={lang}") as ann:
        await brought(shop, ann, POINTS.model_copy(update={"texts": texts}), "loyalty")
        shown = ann.prompt.locator("[part=offer]")

        assert list(texts) == await shown.all_inner_texts()
        assert direction == await shown.first.get_attribute("dir")
        assert 0 == await shown.locator("*").count()
        assert "undefined" == await ann.page.evaluate("typeof hacked")


@pytest.mark.parametrize("said", [None, POINTS, BUNDLE.model_copy(update={"discount_minor": 0})])
async def test_an_offer_without_an_amount_says_nothing(
    shop: ShopWithGateway, context: BrowserContext, said: Offer | None
) -> None:
    """Nor does a prompt without one."""
    async with shop.shopper(context) as ann:
        await brought(shop, ann, said, "bundle")

        assert [] == await lines(ann)


async def test_an_offer_is_for_all_of_its_items(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """The shop shows one of two: nothing is promised that it does not bring."""
    async with shop.shopper(context) as ann:
        await ann.with_items(butter={"title": "Butter"}, bread={"title": "Bread"})
        await brought(shop, ann, BUNDLE, "bundle", "butter", "jam")

        assert 1 == await ann.prompt.locator("[part=item]").count()
        assert [] == await lines(ann)


async def test_sentences_in_another_language_than_the_pages_are_left_out(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """As the reason and what was counted are."""
    async with shop.shopper(context, "/?lang=it") as ann:
        await brought(
            shop, ann, POINTS.model_copy(update={"texts": ("You reach gold",)}), "loyalty"
        )

        assert [] == await lines(ann)


@pytest.mark.parametrize(
    ("lang", "heading"),
    [("en", "Goes with your basket"), ("it", "Sta bene con questo"), ("fa", "با سبد شما")],
)
async def test_a_reason_that_names_no_item_is_shown_as_it_is(
    shop: ShopWithGateway, context: BrowserContext, lang: str, heading: str
) -> None:
    """What is offered may go with several items of the basket: none of them is named for all."""
    rtl = {"direction": "rtl"} if lang == "fa" else {}
    why = Reason.model_validate({"key": "basket", "text": heading, "template": heading, **rtl})
    async with shop.shopper(context, f"/?lang={lang}") as ann:
        made = offer(await ann.session(), "e1", now_ms(), "butter", "jam")
        items = [
            item.model_copy(update={"evidence": item.evidence.model_copy(update={"anchor": name})})
            for item, name in zip(made.items, ("bread", "toast"), strict=True)
        ]
        await shop.comes_to(lambda: shop.said("item_viewed"))
        shop.bus.publish(made.model_copy(update={"items": tuple(items), "reason": why}))
        await ann.prompt.wait_for()

        assert heading == await ann.prompt.locator("[part=reason]").inner_text()
        assert "bread" not in (await ann.prompt.inner_text()).lower()
        assert 2 == await ann.prompt.locator("[part=item]").count()
        assert [] == ann.errors


async def test_a_reason_and_what_was_counted_run_in_the_direction_that_is_told(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Though a title in another script stands first, and the page is set the other way."""
    async with shop.shopper(context, "/?lang=fa") as ann:
        await ann.page.evaluate("document.querySelector('goes-with').dir = 'ltr'")
        said = {"key": "k", "template": "HP {anchor} با هم", "text": "HP با هم", "anchor": "bread"}
        why = Reason.model_validate({**said, "direction": "rtl", "evidence_text": "TV در سبد"})
        made = offer(await ann.session(), "e1", now_ms(), "butter")
        await shop.comes_to(lambda: shop.said("item_viewed"))
        shop.bus.publish(made.model_copy(update={"reason": why}))
        await ann.prompt.wait_for()
        for part in ("reason", "evidence"):
            told = ann.prompt.locator(f"[part={part}]")
            assert "rtl" == await told.evaluate("(e) => getComputedStyle(e).direction"), part


async def test_the_shop_has_words_of_its_own_for_offers(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """As for all that the element says."""
    async with shop.shopper(context) as ann:
        await ann.page.evaluate(
            "document.querySelector('goes-with').words = { saves: 'Minus {price}!' }"
        )
        await brought(shop, ann, BUNDLE, "bundle")

        assert ["Minus €1,500.00!"] == await lines(ann)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_offer_is_accessible_on_a_telephone(
    shop: ShopWithGateway, context: BrowserContext, scheme: Any
) -> None:
    """By axe-core, 390 px wide."""
    async with shop.shopper(context) as ann:
        await ann.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await ann.page.set_viewport_size({"width": 390, "height": 800})
        await brought(shop, ann, BUNDLE, "bundle")

        assert [] == await violations(ann)
        assert await ann.page.evaluate("document.body.scrollWidth <= innerWidth")


async def test_amounts_are_divided_by_what_iso_4217_says(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Where browsers have another number of decimals the element knows it; no currency is left."""
    found = re.search(r"TWO_PLACES = /(.*?)/", (ROOM / "goes-with.js").read_text())
    assert found is not None
    known = {
        code: places for code in Currency.__members__ if (places := decimals(code)) is not None
    }
    async with shop.shopper(context) as ann:
        browsers: dict[str, int] = await ann.page.evaluate(
            """(codes) => Object.fromEntries(codes.map((currency) => [currency,
              new Intl.NumberFormat("en", { style: "currency", currency })
              .resolvedOptions().maximumFractionDigits]))""",
            list(known),
        )
    ours = {
        code: 3 if code == "IQD" else 2 if re.search(found[1], code) else browsers[code]
        for code in known
    }

    assert len(known) > 150
    assert known == ours
