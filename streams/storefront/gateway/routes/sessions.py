"""`POST /v1/sessions`: a session token for a browser, minted at the word of the shop's server."""

from codecs import BOM_UTF8
from collections.abc import Collection
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from streams.contract.errors import RequestRefused
from streams.contract.events.nobody import means_nobody, nobody_ids
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.gateway import Here
from streams.storefront.gateway.routes.asking.body import body_of
from streams.storefront.gateway.routes.asking.caller import by_address, shop
from streams.storefront.gateway.routes.refusals import refusals

BODY_BYTES_MAX = 4096
BODY_SCHEMA = SessionOwner.model_json_schema() | {"required": []}
"""Whose the token is to be: all of it may be left out."""

router = APIRouter(prefix="/v1", tags=["sessions"], dependencies=[Depends(by_address)])


class MintedToken(BaseModel):
    """A session token, to be handed to the browser."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    token: str
    """As `Authorization: Bearer …`, or as `?token=…` where no header can be set."""
    session_id: str
    """Whose it is; a new one where none was asked for."""
    expires_at_ms: int
    """From then on it holds no more."""
    expires_in_s: int
    """How long it lives: get another before that."""


@router.post(
    "/sessions",
    summary="Get a session token",
    status_code=201,
    response_model=MintedToken,
    responses=refusals(400, 401, 403, 408, 413, 422, 429),
    dependencies=[Depends(shop)],
)
async def post_sessions(request: Request, here: Here) -> Response:
    """Sign a token for a session, a new one where the body names none: with the shop's key."""
    body = await body_of(request, BODY_BYTES_MAX, bound="a request for a token may be")
    visit = _somebodys(_visit(body), nobody_ids(here.settings.nobody_ids))
    now_ms = here.clock_ms()
    token = here.tokens.mint(visit, now_ms // 1000)
    said = MintedToken(
        token=token,
        session_id=visit.session_id,
        expires_at_ms=(now_ms // 1000 + here.tokens.life_s) * 1000,
        expires_in_s=here.tokens.life_s,
    )
    return Response(
        said.model_dump_json(),
        201,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )


def _somebodys(visit: SessionOwner, nobody: Collection[str]) -> SessionOwner:
    """The visit without ids that mean nobody; raises `RequestRefused` for a session of nobody.

    All its events would be refused: they would be everybody's.
    """
    if means_nobody(visit.session_id, nobody):
        wrong = "session_id: it means nobody, as in `nobody_ids`: leave it out for a new one"
        raise RequestRefused(422, "invalid_request", wrong)
    ids = {"visitor_id": visit.visitor_id, "shopper_id": visit.shopper_id}
    nobodys = [name for name, said in ids.items() if said and means_nobody(said, nobody)]
    return visit.model_copy(update=dict.fromkeys(nobodys)) if nobodys else visit


def _visit(body: bytes) -> SessionOwner:
    """Whose the token is to be; raises `RequestRefused`."""
    try:
        said = orjson.loads(body.removeprefix(BOM_UTF8) or b"{}")
    except ValueError as error:
        raise RequestRefused(400, "invalid_json", f"the body is no JSON: {error}") from None
    if not isinstance(said, dict):
        raise RequestRefused(422, "invalid_request", "the body is a JSON object, or empty")
    if said.get("session_id", "") is None:  # as good as left out
        del said["session_id"]
    try:
        return SessionOwner.model_validate({"session_id": uuid4().hex} | said)
    except ValidationError as invalid:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in invalid.errors(include_url=False, include_input=False)
        )
        raise RequestRefused(422, "invalid_request", wrong) from None
