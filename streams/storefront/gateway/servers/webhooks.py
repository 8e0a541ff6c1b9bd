"""`POST /v1/webhooks/{source}`: what a shop system sends by itself, under a signature of its own.

Neither token nor key is asked for: who has signed the body is believed. The signature is of the
bytes as they came, and is looked at before anything else is. An address that guesses is counted by
itself: what pages ask from there keeps no webhook out. A body that does not come, or not all of it,
counts as a guess; one without a signature is not even waited for. A source without a secret is off,
and nobody can tell it from one that there is not.

A webhook that comes again is harmless: its events have the ids that they had.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, Security
from fastapi.security import APIKeyHeader

from streams.contract.errors import RequestRefused
from streams.storefront.gateway.access.rates import network
from streams.storefront.gateway.batches.batch import Batch
from streams.storefront.gateway.batches.foreign import FOREIGN, read_webhook
from streams.storefront.gateway.gateway import Here
from streams.storefront.gateway.routes.asking.body import body_of
from streams.storefront.gateway.routes.events import EventsTaken, answer, send_counted
from streams.storefront.gateway.routes.refusals import refusals
from streams.storefront.intake.adapter import Adapter

BODY_BYTES_MAX = 2_097_152
"""An order of a thousand lines is a megabyte."""
BODIES_AT_ONCE_MAX = 64
BODIES_OF_ONE_MAX = 8
"""Of one network: a stranger leaves room for others."""
BODY_S_MAX = 5.0
"""So long shop systems wait for an answer."""
PING_BYTES_MAX = 64
BUSY, TOO_LARGE = 503, 413
SOURCES = tuple(name for name, adapter in FOREIGN.items() if adapter.signature)

SIGNATURES = [
    Security(
        APIKeyHeader(
            name=FOREIGN[name].signature,
            scheme_name=f"{name}-signature",
            description="An HMAC of the body under the secret that both know.",
            auto_error=False,
        )
    )
    for name in SOURCES
]

router = APIRouter(prefix="/v1", tags=["webhooks"], dependencies=SIGNATURES)


@router.post(
    "/webhooks/{source}",
    summary="Send a webhook",
    response_model=EventsTaken,
    responses=refusals(400, 401, 403, 404, 408, 413, 422, 429, 503),
)
async def post_webhook(
    request: Request,
    here: Here,
    source: Annotated[str, Path(description=f"Who sends it: {', '.join(SOURCES)}.")],
) -> Response:
    """Take what a shop system sends, if it is signed; answer when Kafka has its events.

    200 also where nothing of it can be used: sending it again would not help, and shop systems
    switch off webhooks that fail. `results` says what was left out.
    """
    adapter = FOREIGN.get(source)
    if adapter is None or not adapter.is_signed(here.settings):
        raise RequestRefused(404, "unknown_webhook", "no webhooks of this name are taken here")
    whose = network(request.client.host if request.client else "-")
    guesses = f"webhooks of {whose}"
    here.addresses.look(guesses, here.clock_ms())
    try:
        body = await _body_of(request, here, adapter, whose)
    except RequestRefused as error:
        if error.status != BUSY:
            here.addresses.take(guesses, here.clock_ms())
        raise
    if is_ping(adapter, body):
        return answered(Batch.empty(), here.clock_ms())
    if not adapter.authentic(body, request.headers, here.settings):
        here.addresses.check(guesses, here.clock_ms())
        raise _unsigned()
    batch = read_webhook(adapter, body, request.headers, here.settings, here.clock_ms())
    await send_counted(here, batch, adapter.name)
    return answered(batch, here.clock_ms())


async def _body_of(request: Request, here: Here, adapter: Adapter, whose: str) -> bytes:
    """The body of who has not been believed yet; raises `RequestRefused`.

    401 at once where nothing is signed, but for what may be a ping. 503 while so many others are
    being read: what they may hold is all that strangers can take.
    """
    signed, bodies = adapter.signature in request.headers, here.webhook_bodies
    if not signed and not adapter.ping:
        raise _unsigned()
    if bodies.total() >= BODIES_AT_ONCE_MAX or bodies[whose] >= BODIES_OF_ONE_MAX:
        raise RequestRefused(503, "busy", "too many webhooks at once", again_s=2)
    bodies[whose] += 1
    try:
        bytes_max = BODY_BYTES_MAX if signed else PING_BYTES_MAX
        return await body_of(request, bytes_max, BODY_S_MAX, bound="a webhook may be")
    except RequestRefused as error:
        if not signed and error.status == TOO_LARGE:
            raise _unsigned() from None
        raise
    finally:
        bodies[whose] -= 1
        if not bodies[whose]:
            del bodies[whose]


def _unsigned() -> RequestRefused:
    return RequestRefused(401, "signature", "the signature is missing, or wrong")


def is_ping(adapter: Adapter, body: bytes) -> bool:
    """Whether it only asks if somebody is there: nothing comes of it, so nobody need have signed.

    >>> from streams.storefront.intake.adapters import adapters
    >>> is_ping(adapters()["woocommerce"], b"webhook_id=7"), is_ping(adapters()["shopify"], b"")
    (True, False)
    """
    return bool(adapter.ping) and len(body) < PING_BYTES_MAX and body.startswith(adapter.ping)


def answered(batch: Batch, now_ms: int) -> Response:
    """What became of it, as good news."""
    said = answer(batch, (), now_ms)
    said.status_code = 200
    return said
