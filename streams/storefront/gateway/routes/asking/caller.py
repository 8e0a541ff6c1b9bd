"""Who asks: a browser, by its session token, or the shop's server, by its key."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from streams.contract.errors import RequestRefused
from streams.contract.events.nobody import means_nobody, nobody_ids
from streams.storefront.gateway.access.rates import network
from streams.storefront.gateway.access.tokens import Claims
from streams.storefront.gateway.gateway import Gateway, Here

BEARER = HTTPBearer(
    scheme_name="bearer",
    description="A session token; or one of the shop's keys, from its server alone.",
    auto_error=False,
)
IN_QUERY = APIKeyQuery(
    name="token",
    scheme_name="token",
    description="A session token, where no header can be set: EventSource and sendBeacon.",
    auto_error=False,
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
InQuery = Annotated[str | None, Security(IN_QUERY)]


class Caller(NamedTuple):
    """Who asks."""

    claims: Claims | None
    """Of a session token; None: the shop's server."""

    def session(self, asked: str | None) -> str:
        """Whose prompts are asked for: the token's, or the one that the shop names.

        Raises `RequestRefused` where it names none; what a browser names does not matter.
        """
        if self.claims is not None:
            return self.claims.session_id
        if not asked:
            raise RequestRefused(422, "no_session", "with the shop's key, session_id says whose")
        return asked


async def by_address(request: Request, here: Here, bearer: Bearer) -> None:
    """Refuse an address that asks too much; raises `RequestRefused`, 429.

    But the shop's server, by its key: it asks for all shoppers from one address.
    """
    if bearer is not None and here.tokens.is_key(bearer.credentials):
        return
    address = request.client.host if request.client else "-"
    here.addresses.check(network(address), here.clock_ms())


async def caller(request: Request, here: Here, bearer: Bearer, token: InQuery) -> Caller:
    """Who asks; raises `RequestRefused`, 401, for who does not say or is not believed.

    A key is taken from the header alone, and not from a page: it would be everybody's.
    """
    given = bearer.credentials if bearer is not None else None
    if given is not None and here.tokens.is_key(given):
        if "origin" in request.headers:
            raise RequestRefused(
                403, "key_in_a_browser", "the shop's key is for its server: change it, it is known"
            )
        return Caller(None)
    if not (given or token):
        raise RequestRefused(401, "token_missing", "a session token is needed")
    claims = here.tokens.read(given or token or "", here.clock_ms() / 1000)
    if means_nobody(claims.session_id, nobody_ids(here.settings.nobody_ids)):
        wrong = "claims of the session token are wrong: session_id means nobody"
        raise RequestRefused(401, "token_claims", wrong)  # all its events would be refused
    return Caller(claims)


async def shop(asking: "Asking") -> None:
    """Refuse whoever is not the shop's server; raises `RequestRefused`, 403."""
    if asking.claims is not None:
        raise RequestRefused(403, "key_needed", "this is for the shop's server, with its key")


def take(here: Gateway, asking: Caller, cost: int, taken: int = 0) -> None:
    """Count so much for the session of a token, less what was taken; raises `RequestRefused`, 429.

    413 for what no minute has room for: to try again would never help.
    """
    if asking.claims is not None:
        if cost > (most := here.settings.gateway_session_rate):
            raise RequestRefused(
                413,
                "too_many_events",
                f"{cost} events are more than a session may send: gateway_session_rate={most}",
            )
        session_id, now_ms = asking.claims.session_id, here.clock_ms()
        if cost > taken and here.sessions.take(session_id, now_ms, cost - taken):
            here.sessions.look(session_id, now_ms, cost)  # all of it, when it comes again


Asking = Annotated[Caller, Depends(caller)]
"""Who asks for a route."""
