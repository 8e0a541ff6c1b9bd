"""How we connect to Redis, and what its addresses look like in messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from streams.contract.errors import Misconfigured, RedisUnreachable
from streams.contract.settings import Settings

SCHEMES = ("redis", "rediss", "unix")
SETTINGS = "GOESWITH_REDIS_URL (or --redis, or GOESWITH_CHECKPOINT_URL)"
ANSWER_S_MAX = 2.0
"""How long Redis may take to answer."""


def connect(kind: Any, redis_url: str) -> Any:
    """A client of this kind that tries once, and waits no longer than it may.

    Raises `Misconfigured` when the address is none.
    """
    if not redis_url:
        raise Misconfigured("there is no Redis: set GOESWITH_REDIS_URL, here and for the workers")
    check_url(redis_url)
    try:
        client = kind.from_url(
            redis_url,
            socket_timeout=ANSWER_S_MAX,
            socket_connect_timeout=ANSWER_S_MAX,
            retry=Retry(NoBackoff(), 0),
        )
        client.connection_pool.make_connection()  # opens nothing; says which options there are not
    except (ValueError, TypeError):
        raise Misconfigured(
            f"{SETTINGS} names a Redis with a number or an option that redis-py does not know: "
            "write redis://[[NAME]:PASSWORD@]HOST:PORT/DATABASE"
        ) from None
    return client


def secured(redis_url: str, settings: Settings) -> str:
    """The URL with the certificate files of the settings: as options, which redis-py reads there.

    What the URL says itself holds.

    >>> there = Settings(redis_ca_file="ca.pem", redis_certificate_file="us.pem")
    >>> secured("rediss://till:secret@cache:6379/0?ssl_certfile=me.pem", there)
    'rediss://till:secret@cache:6379/0?ssl_certfile=me.pem&ssl_ca_certs=ca.pem'
    >>> secured("redis://cache:6379/0", there)
    'redis://cache:6379/0'
    """
    parts = _split(redis_url)
    if parts is None or parts.scheme != "rediss":
        return redis_url
    files = {
        "ssl_ca_certs": settings.redis_ca_file,
        "ssl_certfile": settings.redis_certificate_file,
        "ssl_keyfile": settings.redis_key_file,
    }
    said = parse_qs(parts.query)
    more = urlencode({name: file for name, file in files.items() if file and name not in said})
    return parts._replace(query="&".join(filter(None, (parts.query, more)))).geturl()


def check_url(redis_url: str) -> None:
    """Raise `Misconfigured` for what is no address; never with a part of it, but its scheme."""
    parts = _split(redis_url)
    if parts is None or parts.scheme not in SCHEMES:
        raise Misconfigured(
            f"{SETTINGS} is no URL of a Redis: it begins with redis://, rediss:// "
            "or unix://, and a / # ? @ or [ within a password is written as %2F %23 %3F %40 %5B"
        )


def _split(redis_url: str) -> SplitResult | None:
    """The URL in parts; None where a password may have got into other ones than its own."""
    try:
        parts = urlsplit(redis_url)
        _ = parts.port
    except ValueError:
        return None
    behind = redis_url.partition("//")[2].removeprefix(parts.netloc)
    hidden = "@" in behind and not (parts.scheme == "unix" and not parts.netloc)
    return None if hidden or parts.netloc.count("@") > 1 else parts


@contextmanager
def opened(redis_url: str) -> Iterator[Any]:
    """A client for some reading and writing; raises `RedisUnreachable`, whatever Redis said."""
    try:
        with connect(Redis, redis_url) as client:
            yield client
    except (RedisError, OSError) as error:
        raise RedisUnreachable(in_words(error, redis_url)) from error


def in_words(error: Exception, redis_url: str) -> str:
    """What an error of Redis means, and what to set; without the name and password of the URL.

    >>> in_words(AuthenticationError("invalid username-password pair"), "redis://:secret@cache")
    'Redis at cache refuses the name or the password of its URL'
    """
    where, said = f"Redis at {shown(redis_url)}", str(error)
    if isinstance(error, AuthenticationError):
        return f"{where} refuses the name or the password of its URL"
    if isinstance(error, NoPermissionError):
        denied = " ".join(said.split())[:160]
        return f"{where} does not let its user do that ({denied}): look at its ACL"
    if isinstance(error, ResponseError):
        answer = " ".join(said.split())[:160]
        return f"{where} refuses that ({answer}): is it full, or a replica?"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return f"{where} has a certificate that is not trusted: set GOESWITH_REDIS_CA_FILE"
    over_tls = redis_url.startswith("rediss:")
    wants = " Over TLS it may want GOESWITH_REDIS_CERTIFICATE_FILE" if over_tls else ""
    return (
        f"Redis does not answer at {shown(redis_url)} ({type(error).__name__}): is it running, and "
        f"is {SETTINGS} right?{wants}"
    )


def shown(redis_url: str) -> str:
    """The address without name and password.

    >>> shown("redis://till:secret@cache:6379/0")
    'cache:6379'
    >>> shown("redis://:pa/ss@cache:6379")
    'an address that cannot be read'
    """
    parts = _split(redis_url)
    if parts is None:
        return "an address that cannot be read"
    return parts.netloc.rpartition("@")[2] or "its socket"
