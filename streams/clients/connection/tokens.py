"""Access tokens for OAUTHBEARER: from a command, or by client credentials from a token endpoint.

Clients ask for a token whenever they connect. One is used by all of them until four fifths of its
life are over. (Method: RFC 6749, sections 2.3.1 and 4.4; the life of a token that is a JWT, RFC
7519, is its claim `exp`.)
"""

import base64
import binascii
import json
import math
import os
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from http import HTTPStatus
from http.client import HTTPException, InvalidURL
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request

from pydantic import SecretStr

from streams.clients.connection.addresses import opener_for
from streams.contract.errors import GoeswithError, Misconfigured, NotAuthenticated, NoToken
from streams.contract.wire.connection import ConnectionSettings

COMMAND, ENDPOINT = "GOESWITH_KAFKA_TOKEN_COMMAND", "GOESWITH_KAFKA_TOKEN_URL"
USED_SHARE = 0.8
"""Of its life a token is used for so long: it must not expire on its way."""
UNTOLD_LIFE_S = 60.0
"""Of a token that does not say how long it lives."""
ANSWER_BYTES_MAX = 1 << 20
REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
REDIRECTS = range(300, 400)


class AccessToken(NamedTuple):
    """A token, and for how many seconds it lives; None: it does not say."""

    text: str
    life_s: float | None


class Tokens:
    """The token that is used now; `fetch` gets another one, `clock` tells the seconds.

    >>> seconds = iter([0.0, 7.9, 8.0])
    >>> fetched = iter([AccessToken("first", 10.0), AccessToken("second", 10.0)])
    >>> tokens = Tokens(lambda: next(fetched), clock=lambda: next(seconds))
    >>> tokens.token(), tokens.token(), tokens.token()
    ('first', 'first', 'second')
    """

    def __init__(
        self, fetch: Callable[[], AccessToken], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = threading.Lock()
        self._text, self._until_s = "", float("-inf")

    def token(self) -> str:
        """A token that lives; raises `NoToken`, `NotAuthenticated` or `Misconfigured`."""
        with self._lock:
            now_s = self._clock()
            if now_s >= self._until_s:
                self._text, life_s = self._fetch()
                life_s = UNTOLD_LIFE_S if life_s is None else life_s
                self._until_s = now_s + USED_SHARE * life_s
            return self._text


def tokens_of(settings: ConnectionSettings) -> Tokens:
    """Where these settings have tokens from, one for all clients of this process."""
    return _shared(
        settings.kafka_token_command,
        settings.kafka_token_url,
        settings.kafka_user,
        settings.kafka_password,
        settings.kafka_token_scope,
        settings.kafka_timeout_s,
    )


@lru_cache(maxsize=16)
def _shared(
    command: str, url: str, client: str, secret: SecretStr, scope: str, timeout_s: float
) -> Tokens:
    if command:
        return Tokens(partial(token_of_command, command, timeout_s))
    return Tokens(partial(token_of_endpoint, url, client, secret, scope, timeout_s))


os.register_at_fork(after_in_child=_shared.cache_clear)
"""A thread that fetches a token while a process forks is not in the child; the lock it holds is."""


def token_of_command(command: str, timeout_s: float) -> AccessToken:
    """What a command prints. Raises `NoToken`, and `Misconfigured` where there is no such command.

    Nothing of what it was given or has said is in the message: there may be secrets in it.
    """
    try:
        words = shlex.split(command)
        ran = subprocess.run(  # noqa: S603  # the operator's own command
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoToken(f"the command of {COMMAND} took longer than {timeout_s:g} s") from None
    except (OSError, ValueError, IndexError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no command"
        raise Misconfigured(f"the command of {COMMAND} cannot be run: {why}") from None
    if ran.returncode:
        raise NoToken(f"the command of {COMMAND} ended with exit code {ran.returncode}")
    return read_token(ran.stdout, COMMAND)


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: the secret is for this endpoint, and would go wherever it points."""

    def http_error_302(self, *_: Any, **__: Any) -> None:
        """Leave it to be raised."""

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def token_of_endpoint(
    url: str, client: str, secret: SecretStr, scope: str, timeout_s: float
) -> AccessToken:
    """What a token endpoint gives to a client. Raises `NoToken`, `NotAuthenticated`.

    And `Misconfigured`, where nothing can be asked by such a URL. No message has more of the URL
    than its host: there may be secrets in the rest, and in what libraries say of it.
    """
    try:
        host = urlsplit(url).netloc.rpartition("@")[2]
        request = _request(url, client, secret, scope)
        with opener_for(url, _NoRedirects).open(request, timeout=timeout_s) as answer:
            said = answer.read(ANSWER_BYTES_MAX)
    except HTTPError as refused:
        refused.close()
        raise _refused(host, refused.code) from None
    except (ValueError, InvalidURL):
        raise Misconfigured(
            f"nothing can be asked by the URL of {ENDPOINT}: is it right?"
        ) from None
    except (OSError, HTTPException) as error:
        said_why = getattr(error, "reason", None) or error
        why = type(error).__name__ if isinstance(error, HTTPException) else said_why
        raise NoToken(f"no answer of the token endpoint at {host} ({ENDPOINT}): {why}") from None
    return read_token(said, ENDPOINT)


def _request(url: str, client: str, secret: SecretStr, scope: str) -> Request:
    asked = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    both = f"{quote_plus(client)}:{quote_plus(secret.get_secret_value())}"
    return Request(  # noqa: S310  # http and https alone: the setting has a pattern
        url,
        urlencode(asked).encode(),
        {
            "Authorization": f"Basic {base64.b64encode(both.encode()).decode()}",
            "Accept": "application/json",
        },
    )


def _refused(host: str, code: int) -> GoeswithError:
    """What an answer means that is none of success."""
    if code in REFUSALS:
        return NotAuthenticated(
            f"the token endpoint at {host} refuses us ({code}): are GOESWITH_KAFKA_USER"
            " (client id), GOESWITH_KAFKA_PASSWORD (client secret) and "
            "GOESWITH_KAFKA_TOKEN_SCOPE right?"
        )
    if code in REDIRECTS:
        return NoToken(
            f"the token endpoint at {host} answers {code}, a redirect, which is not followed: the "
            f"secret is for {ENDPOINT} alone"
        )
    return NoToken(f"the token endpoint at {host} answers {code}")


def read_token(said: bytes, variable: str, now_s: float | None = None) -> AccessToken:
    r"""The token in an answer: that alone, or the JSON of an OAuth answer. Raises `NoToken`.

    >>> read_token(b'{"access_token": "bread", "expires_in": 300}', "HERE")
    AccessToken(text='bread', life_s=300.0)
    >>> read_token(b"butter\n", "HERE")
    AccessToken(text='butter', life_s=None)
    """
    text = said.decode("utf-8", "replace").strip()
    told: Any = None
    if text.startswith("{"):
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            answer = {}
        text, told = answer.get("access_token"), answer.get("expires_in")
    if not (isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text):
        text = ""
    if not text:
        raise NoToken(f"no access token is in the answer of {variable}")
    return AccessToken(text, _life_s(text, told, time.time() if now_s is None else now_s))


def _life_s(text: str, told: Any, now_s: float) -> float | None:
    """How long a token lives: as it was told, or as it says itself where it is a JWT."""
    if (life_s := _seconds(told)) is not None and life_s > 0:
        return life_s
    _, _, behind = text.partition(".")
    payload, _, _ = behind.partition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        ends_s = _seconds(claims["exp"])
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None
    return None if ends_s is None else max(0.0, ends_s - now_s)


def _seconds(said: Any) -> float | None:
    """A number that a clock reaches; some endpoints write it as a string. None: it is none.

    >>> _seconds(300), _seconds("300"), _seconds(float("inf")), _seconds(10**400), _seconds(None)
    (300.0, 300.0, None, None, None)
    """
    try:
        seconds = float(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None
