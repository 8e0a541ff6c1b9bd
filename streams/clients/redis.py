"""How we connect to Redis, and what its addresses look like in messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from streams.contract.errors import Misconfigured, RedisUnreachable

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
        raise RedisUnreachable(
            f"Redis does not answer at {shown(redis_url)} ({type(error).__name__}): is it "
            f"running, and is {SETTINGS} right?"
        ) from error


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
