"""Prompts as shoppers read them: titles in their language, prices, pictures; ids where none is."""

from typing import Any

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import encode_reference
from streams.contract.published.prompts import Prompt
from streams.shop.decision.languages.messages import reason
from streams.storefront.gateway.live.rendered import RenderedPrompt, Wording
from streams.storefront.gateway.live.shelf import Shelf
from streams.storefront.gateway.routes.asking.weights import liked
from tests.storefront.gateway.shopfront import Shopfront, add, bearer, prompt_for
from tests.stories import Story

HOSTILE = "<img src=x onerror=alert(1)>\u202e\x00"


def in_catalogue(front: Shopfront, item_id: str, **fields: Any) -> None:
    """The catalogue says this of an item from now on."""
    item = CatalogItem(item_id=item_id, **fields)
    front.bus.bring_item(item_id.encode(), encode_reference(item))


def speaking(event: Event) -> Prompt:
    """What a worker offers, in the language of the event."""
    said = reason("bought_together", anchor="bread", locale=event.locale)
    fields = prompt_for(event).model_dump() | {"reason": said, "locale": event.locale}
    return Prompt.model_validate(fields)


@pytest.fixture
def front() -> Shopfront:
    """A gateway of a shop whose worker answers every event."""
    return Shopfront(lambda event: [speaking(event)])


async def shown(front: Shopfront, locale: str | None, **headers: str) -> Any:
    """What a page gets for an add of bread."""
    token = await front.token("ann")
    front.now_ms += 1000
    said = {"locale": locale} if locale else {}
    event = add(f"e{front.now_ms}", **said)
    answer = await front.post(event, token, "?wait_ms=1000", headers)
    (prompt,) = answer.json()["prompts"]
    return prompt


async def test_a_shopper_reads_titles_and_prices_in_their_language(front: Shopfront) -> None:
    """By the event's locale, whatever the browser would like."""
    titles = {"en": "Butter", "de": "Butter, gesalzen"}
    in_catalogue(front, "butter", titles=titles, price_minor=319, currency="EUR")
    in_catalogue(front, "bread", titles={"en": "Bread", "de": "Bauernbrot"})

    prompt = await shown(front, "de-AT", **{"accept-language": "en"})

    assert [
        {
            "item_id": "butter",
            "title": "Butter, gesalzen",
            "price_minor": 319,
            "price_places": 2,
            "currency": "EUR",
        }
    ] == prompt["items"]
    assert "Wird oft zusammen mit Bauernbrot gekauft" == prompt["reason"]["text"]
    assert "Wird oft zusammen mit {anchor} gekauft" == prompt["reason"]["template"]
    assert ("bread", "Bauernbrot") == (prompt["reason"]["anchor"], prompt["reason"]["title"])


async def test_without_a_locale_the_browsers_languages_decide(front: Shopfront) -> None:
    """Also on the stream, in `GET /v1/prompts` and in Shopify's shape."""
    in_catalogue(front, "butter", titles={"en": "Butter", "fr": "Beurre"})
    liking = {"accept-language": "it, fr-CA;q=0.8, en;q=0.5"}
    assert "Beurre" == (await shown(front, None, **liking))["items"][0]["title"]
    headers = bearer(await front.token("ann")) | liking

    listed = (await front.http.get("/v1/prompts", headers=headers)).json()
    address = "/v1/recommendations/products.json?product_id=bread"
    products = (await front.http.get(address, headers=headers)).json()["products"]
    plain = (await front.http.get("/v1/prompts", headers=bearer(await front.token("ann")))).json()

    assert "Beurre" == listed["prompts"][0]["items"][0]["title"]
    assert [{"id": "butter", "title": "Beurre"}] == products
    assert "Butter" == plain["prompts"][0]["items"][0]["title"]


async def test_the_stream_has_the_titles_too(front: Shopfront) -> None:
    """As the catalogue has them when a prompt is handed out."""
    in_catalogue(front, "butter", titles={"ur": "مکھن"})
    async with front.reading(await front.token("ann")) as reader:
        await shown(front, "ur-PK")
        await reader.comes_to(lambda: reader.prompts)

        ((_, _, prompt),) = reader.events
        assert "مکھن" == prompt["items"][0]["title"]
        assert "rtl" == prompt["reason"]["direction"]


async def test_what_the_catalogue_does_not_know_is_named_by_its_id(front: Shopfront) -> None:
    """As it is without a catalogue; a tombstone makes it so again."""
    in_catalogue(front, "butter", titles={"en": "Butter"})
    front.bus.bring_item(b"butter", None)

    prompt = await shown(front, "en")

    assert [{"item_id": "butter"}] == prompt["items"]
    assert "Often bought together with bread" == prompt["reason"]["text"]
    assert "title" not in prompt["reason"]


async def test_a_catalogue_that_was_made_anew_counts_no_more(front: Shopfront) -> None:
    """Nothing of the old one is shown."""
    in_catalogue(front, "butter", titles={"en": "Butter"})
    assert front.bus.forget_catalog is not None
    front.bus.forget_catalog()

    assert [{"item_id": "butter"}] == (await shown(front, "en"))["items"]


async def test_a_gateway_may_do_without_a_catalogue() -> None:
    """Then nothing of it is asked for, or kept."""
    front = Shopfront(lambda event: [speaking(event)], gateway_catalog_bytes_max=0)
    in_catalogue(front, "butter", titles={"en": "Butter"})

    assert [{"item_id": "butter"}] == (await shown(front, "en"))["items"]


async def test_a_hostile_title_is_text_in_a_reason(front: Shopfront) -> None:
    """Markup is characters; what turns or ends a text is gone from it."""
    in_catalogue(front, "bread", titles={"en": HOSTILE})
    text = (await shown(front, "en"))["reason"]["text"]

    assert "Often bought together with <img src=x onerror=alert(1)>\ufffd" == text


async def test_a_title_that_runs_the_other_way_is_isolated(front: Shopfront) -> None:
    """In a sentence of either direction."""
    in_catalogue(front, "bread", titles={"en": "Bread", "ur": "روٹی"})
    in_catalogue(front, "bread", titles={"de": "خبز"})

    assert "mit \u2068خبز\u2069 gekauft" in (await shown(front, "de"))["reason"]["text"]
    in_catalogue(front, "bread", titles={"ur": "Bread 2 kg"})
    assert "\u2068Bread 2 kg\u2069" in (await shown(front, "ur"))["reason"]["text"]


def test_prompts_of_before_there_were_templates_keep_their_text() -> None:
    """Nobody knows where in it the id stands."""
    shelf = Shelf(10**6)
    shelf.receive(b"bread", b'{"item_id":"bread","titles":{"en":"Sourdough"}}')
    front = Shopfront(lambda _: [])
    prompt = prompt_for(bread())

    said = RenderedPrompt.of(prompt, front.now_ms, Wording(shelf))

    assert prompt.reason.text == said.reason.text


def bread() -> Event:
    """An add of bread."""
    return Story().add("bread")


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("de", ("de",)),
        ("en-GB,en;q=0.9,de;q=0.95", ("en-GB", "de", "en")),
        ("*", ()),
        ("de;q=0", ()),
        ("de;q=nan", ()),
        ("de;q=-1, fr", ("fr",)),
        ("x" * 1000, ()),
        (",".join(f"a{n}" for n in range(100)), tuple(f"a{n}" for n in range(8))),
        ("de;level=1, fr;q=0.5", ("de", "fr")),
        ("<script>, ü, si", ("si",)),
    ],
)
def test_languages_that_are_liked_are_read_with_care(header: str, tags: tuple[str, ...]) -> None:
    """The header comes from anybody."""
    assert tags == liked(header)
