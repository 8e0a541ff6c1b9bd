"""Access tokens for OAUTHBEARER: from a command, or by client credentials from a token endpoint.

Clients ask for a token whenever they connect. One is used by all of them until four fifths of its
life are over. (Method: RFC 6749, sections 2.3.1 and 4.4; the life of a token that is a JWT, RFC
7519, is its claim `exp`.)
"""

import base64
import binascii
import json
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from pydantic import SecretStr

from streams.clients.connection.addresses import is_loopback
from streams.contract.errors import Misconfigured, NotAuthenticated, NoToken
from streams.contract.wire.connection import ConnectionSettings

COMMAND, ENDPOINT = "GOESWITH_KAFKA_TOKEN_COMMAND", "GOESWITH_KAFKA_TOKEN_URL"
USED_SHARE = 0.8
"""Of its life a token is used for so long: it must not expire on its way."""
UNTOLD_LIFE_S = 60.0
"""Of a token that does not say how long it lives."""
ANSWER_BYTES_MAX = 1 << 20
REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


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


def token_of_endpoint(
    url: str, client: str, secret: SecretStr, scope: str, timeout_s: float
) -> AccessToken:
    """What a token endpoint gives to a client. Raises `NoToken`, `NotAuthenticated`."""
    asked = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    both = f"{quote_plus(client)}:{quote_plus(secret.get_secret_value())}"
    request = Request(  # noqa: S310  # http and https alone: the setting has a pattern
        url,
        urlencode(asked).encode(),
        {
            "Authorization": f"Basic {base64.b64encode(both.encode()).decode()}",
            "Accept": "application/json",
        },
    )
    host = urlsplit(url).netloc.rpartition("@")[2]
    opener = build_opener(*([ProxyHandler({})] if is_loopback(url) else []))
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            said = answer.read(ANSWER_BYTES_MAX)
    except HTTPError as refused:
        refused.close()
        if refused.code in REFUSALS:
            raise NotAuthenticated(
                f"the token endpoint at {host} refuses us ({refused.code}): are GOESWITH_KAFKA_USER"
                " (client id), GOESWITH_KAFKA_PASSWORD (client secret) and "
                "GOESWITH_KAFKA_TOKEN_SCOPE right?"
            ) from None
        raise NoToken(f"the token endpoint at {host} answers {refused.code}") from None
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise NoToken(f"no answer of the token endpoint at {host} ({ENDPOINT}): {why}") from None
    return read_token(said, ENDPOINT)


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
        except ValueError:
            answer = {}
        text, told = answer.get("access_token"), answer.get("expires_in")
    if not (isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text):
        text = ""
    if not text:
        raise NoToken(f"no access token is in the answer of {variable}")
    return AccessToken(text, _life_s(text, told, time.time() if now_s is None else now_s))


def _life_s(text: str, told: Any, now_s: float) -> float | None:
    """How long a token lives: as it was told, or as it says itself where it is a JWT."""
    if isinstance(told, int | float) and told > 0:
        return float(told)
    _, _, behind = text.partition(".")
    payload, _, _ = behind.partition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return max(0.0, float(claims["exp"]) - now_s)
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
