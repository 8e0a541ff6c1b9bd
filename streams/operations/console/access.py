"""Who may look, and who may act: by a token, or whom a trusted proxy has asked who they are.

There are two tokens, of readers and of operators; of those a proxy names, operators are listed.

The token comes once in the address (`?token=…`), from the form of the page that refuses, or with
each request of a program (`Authorization: Bearer …`). A browser keeps a cookie from then on, which
no script can read and no other site can send along; it is made of the token by a keyed hash, so it
is worth nothing once the token is another one, and does not tell it.
"""

import hmac
import secrets
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from streams.contract.errors import Misconfigured, MissingSecret
from streams.contract.settings import Settings

TOKEN_CHARS_MIN = 32
COOKIE = "goeswith-console"
PURPOSE = b"goeswith console cookie 1"
COOKIE_S = 30 * 86_400
ENTERED, ENTERED_S = "goeswith-entered", 10
"""A cookie of whoever has just shown a token: no other site's link does."""
ENTERING = b"goeswith console entered 1"
LOOPBACK_NAMES = ("localhost",)
USER_CHARS_MAX = 100


class Visitor(NamedTuple):
    """Who looks, and that this is allowed."""

    name: str
    """By the proxy's word; empty: whoever knows the token."""
    operator: bool = False
    """Whether they may set controls, too."""


class Door:
    """Lets in whom it knows.

    Examples
    --------
    >>> door = Door(Settings(console_token="a token that is long enough for it"))
    >>> door.knows("a token that is long enough for it"), door.knows(""), door.knows("é")
    (True, False, False)
    """

    def __init__(self, settings: Settings) -> None:
        """Raises `MissingSecret` or `Misconfigured` where nobody, or anybody, could look."""
        given = settings.console_token.get_secret_value()
        acting = settings.console_operator_token.get_secret_value()
        self.made = not given and not settings.console_user_header
        """Whether the token was made here, for this run."""
        if self.made and not is_loopback(settings.console_host):
            raise MissingSecret(
                f"the console would be open at {settings.console_host}: set GOESWITH_CONSOLE_TOKEN "
                "to the output of `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`, "
                "or GOESWITH_CONSOLE_USER_HEADER where a proxy asks who is there"
            )
        for name, token in (("CONSOLE_TOKEN", given), ("CONSOLE_OPERATOR_TOKEN", acting)):
            if token and len(token) < TOKEN_CHARS_MIN:
                raise Misconfigured(
                    f"GOESWITH_{name} is shorter than {TOKEN_CHARS_MIN} characters: it could be "
                    "found by trying"
                )
        if given and given == acting:
            raise Misconfigured(
                "GOESWITH_CONSOLE_OPERATOR_TOKEN is that of readers: give operators another one"
            )
        self.token = secrets.token_urlsafe(32) if self.made else given
        self.operator_token = acting or (secrets.token_urlsafe(32) if self.made else "")
        self._operators = settings.operators
        self._header = settings.console_user_header.lower()
        self._proxies = [ip_network(one, strict=False) for one in settings.trusted_proxies]

    def knows(self, token: str) -> bool:
        """Whether this is one of the tokens."""
        return self._by(token) is not None

    def _by(self, given: str, cookie: bool = False) -> Visitor | None:
        """Who shows this token, or its cookie, compared in constant time; None: nobody."""
        for token, operator in ((self.token, False), (self.operator_token, True)):
            is_it = hmac.compare_digest(
                given.encode(), (_cookie(token) if cookie else token).encode()
            )
            if token and is_it:
                return Visitor("", operator)
        return None

    def visitor(self, request: Request) -> Visitor | None:
        """Who asks, if they may look; None: they may not."""
        if named := self._named(request):
            return Visitor(named, named in self._operators)
        if found := self._by(request.cookies.get(COOKIE, ""), cookie=True):
            return found
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return self._by(given.strip()) if scheme.lower() == "bearer" else None

    def entered(self, request: Request, token: str) -> Response:
        """Whoever has shown the token goes on without it in the address, with a cookie instead."""
        said = [(k, v) for k, v in parse_qsl(request.url.query) if k != "token"]
        path = "/" if request.url.path == "/enter" else f"/{request.url.path.lstrip('/')}"
        query = f"?{urlencode(said)}" if said else ""
        answer = RedirectResponse(f"{path}{query}", status_code=303)
        for name, value, age_s in (
            (COOKIE, _cookie(token), COOKIE_S),
            (ENTERED, _cookie(token, ENTERING), ENTERED_S),
        ):
            answer.set_cookie(
                name,
                value,
                max_age=age_s,
                httponly=True,
                samesite="strict",
                secure=self._is_https(request),
            )
        return answer

    def has_entered(self, request: Request) -> bool:
        """Whether its browser has shown a token a few seconds ago: the address was its own, then.

        A browser that is sent on says of the new address that it came from where the first one did.
        """
        shown = request.cookies.get(ENTERED, "").encode()
        tokens = (token for token in (self.token, self.operator_token) if token)
        return any(hmac.compare_digest(shown, _cookie(t, ENTERING).encode()) for t in tokens)

    def _named(self, request: Request) -> str:
        """Whom a proxy names that is believed; empty: nobody."""
        if not (self._header and self._is_proxy(request)):
            return ""
        return request.headers.get(self._header, "").strip()[:USER_CHARS_MAX]

    def _is_proxy(self, request: Request) -> bool:
        try:
            peer = ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return any(peer in network for network in self._proxies)

    def _is_https(self, request: Request) -> bool:
        told = request.headers.get("x-forwarded-proto", "") if self._is_proxy(request) else ""
        return "https" in (request.url.scheme, told)


def is_from_here(request: Request) -> bool:
    """Whether a request comes from a page of this console, or from a program with a token.

    A browser says of itself where a form was sent from (`Sec-Fetch-Site`, else `Origin`), and no
    page can make it lie. A program says neither, and brings a token: `Bearer`, as a browser adds
    `Basic` and `Negotiate` by itself, whichever site has sent the form.
    """
    if site := request.headers.get("sec-fetch-site"):
        return site == "same-origin"
    if origin := request.headers.get("origin"):
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("authorization", "").lower().startswith("bearer ")


def _cookie(token: str, purpose: bytes = PURPOSE) -> str:
    """What a browser keeps of a token: it does not tell it."""
    return hmac.new(token.encode(), purpose, sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, which nobody else reaches.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "shop.example")]
    [True, True, True, False, False]
    """
    try:
        return host in LOOPBACK_NAMES or ip_address(host).is_loopback
    except ValueError:
        return False
