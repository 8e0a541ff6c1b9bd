"""`GET /v1/recommendations/products.json`: what goes with a product, in the shape of Shopify's API.

A theme's section for complementary products, or a server that has one, asks as it would ask Shopify
(`/recommendations/products.json?product_id=…&limit=…&intent=complementary`), and gets what this
session may be shown with that product: so holdout, caps and learning are what they are elsewhere.
Nothing to be said is an empty list. Of a product there is its id, and what the catalogue has of it,
by Shopify's names.

`https://shopify.dev/docs/api/ajax/reference/product-recommendations`
"""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict

from streams.contract.events.fields import Id
from streams.contract.published.prompts import Prompt
from streams.storefront.gateway.gateway import Here
from streams.storefront.gateway.live.mailboxes import ClockMs, Mailbox
from streams.storefront.gateway.live.rendered import RenderedReason, Wording
from streams.storefront.gateway.routes.asking.caller import Asking, by_address, take
from streams.storefront.gateway.routes.asking.wording import Worded
from streams.storefront.gateway.routes.prompts import OfSession
from streams.storefront.gateway.routes.refusals import refusals

LIMIT_MAX = 10
"""As Shopify has it; a prompt has three items at most."""
EXACT_MAX = 2**53
"""Beyond it numbers of JSON are not exact in a browser."""

router = APIRouter(prefix="/v1", tags=["prompts"], dependencies=[Depends(by_address)])


class RecommendedProduct(BaseModel):
    """One product that goes with it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    id: int | str
    """Its id: a number where it is one, as Shopify has it."""
    title: str | None = None
    """Its title, in the shopper's language as far as there is one."""
    url: str | None = None
    """Its page."""
    price: int | None = None
    """Its price in minor units of `currency`."""
    currency: str | None = None
    """ISO 4217 code."""
    featured_image: str | None = None
    """The address of a picture."""


class Recommendations(BaseModel):
    """What goes with a product."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    intent: Literal["complementary"] = "complementary"
    """Completes the purchase, never replaces a part of it."""
    products: tuple[RecommendedProduct, ...] = ()
    """Best first; empty: there is nothing to be said."""
    prompt_id: str | None = None
    """The prompt that they are of."""
    receipt: str | None = None
    """To be echoed in `prompt_shown` and what follows, as it is."""
    reason: RenderedReason | None = None
    """Why, for the shopper."""
    expires_in_ms: int | None = None
    """So much longer it may be shown."""


@router.get(
    "/recommendations/products.json",
    summary="Get what goes with a product",
    response_model=Recommendations,
    responses=refusals(401, 403, 422, 429),
)
async def get_recommendations(
    here: Here,
    asking: Asking,
    worded: Worded,
    product_id: Annotated[Id, Query(description="The product that is looked at.")],
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_MAX,
    intent: Annotated[
        Literal["complementary"], Query(description="There is no other one here.")
    ] = "complementary",
    of_session: OfSession = None,
    wait_ms: Annotated[
        int, Query(ge=0, description="Wait so many milliseconds at most where there is none yet.")
    ] = 0,
) -> Response:
    """Tell what the session may be shown with a product, as a Shopify theme asks for it.

    The view of the product is an event of its own, sent before; `wait_ms` waits for what it causes.
    """
    take(here, asking, 1)
    mailbox = here.mailboxes.of(asking.session(of_session))
    for prompt in await here.view.prompts_of(mailbox.session_id) or ():
        mailbox.take(prompt)
    wait_s = min(wait_ms, here.settings.gateway_wait_ms_max) / 1000
    found = await _prompt_with(mailbox, product_id, here.clock_ms, wait_s)
    said = Recommendations(intent=intent)
    if found is not None:
        said = recommended(found, limit, here.clock_ms(), worded)
    return Response(
        said.model_dump_json(exclude_none=True),
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )


def recommended(prompt: Prompt, limit: int, now_ms: int, worded: Wording) -> Recommendations:
    """A prompt as recommendations of its items."""
    return Recommendations(
        products=tuple(_product(item.item_id, prompt, worded) for item in prompt.items[:limit]),
        prompt_id=prompt.prompt_id,
        receipt=prompt.receipt,
        reason=RenderedReason.of(prompt.reason, prompt, worded),
        expires_in_ms=prompt.expires_at_ms - now_ms,
    )


def _product(item_id: str, prompt: Prompt, worded: Wording) -> RecommendedProduct:
    shown = worded.look(item_id, prompt)
    return RecommendedProduct(
        id=numeric(item_id),
        title=shown.title,
        url=shown.url,
        price=shown.price_minor,
        currency=shown.currency,
        featured_image=shown.image_url,
    )


def numeric(item_id: str) -> int | str:
    """An item's id, as a number where it is the same as a number.

    >>> numeric("44600062"), numeric("007"), numeric("9" * 20), numeric("bread")
    (44600062, '007', '99999999999999999999', 'bread')
    """
    is_one = item_id.isascii() and item_id.isdigit() and len(item_id) <= len(str(EXACT_MAX))
    number = int(item_id) if is_one else -1
    return number if 0 <= number < EXACT_MAX and str(number) == item_id else item_id


async def _prompt_with(
    mailbox: Mailbox, product_id: str, clock_ms: ClockMs, wait_s: float
) -> Prompt | None:
    """The latest prompt of a product, once there is one; None: there is none in that time."""
    changed = asyncio.Event()
    with mailbox.waking(changed):
        try:
            async with asyncio.timeout(wait_s):
                while (found := _latest(mailbox, product_id, clock_ms())) is None:
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return None
    return found


def _latest(mailbox: Mailbox, product_id: str, now_ms: int) -> Prompt | None:
    prompts = reversed(mailbox.current(now_ms))
    return next((prompt for prompt in prompts if prompt.anchor == product_id), None)
