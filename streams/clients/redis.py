"""How we connect to Redis, and what its addresses look like in messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from streams.contract.errors import Misconfigured, RedisUnreachable

ANSWER_S_MAX = 2.0
"""How long Redis may take to answer."""


def connect(kind: Any, redis_url: str) -> Any:
    """A client of this kind that tries once, and waits no longer than it may.

    Raises `Misconfigured` when the address is none.
    """
    if not redis_url:
        raise Misconfigured("there is no Redis: set GOESWITH_REDIS_URL, here and for the workers")
    try:
        return kind.from_url(
            redis_url,
            socket_timeout=ANSWER_S_MAX,
            socket_connect_timeout=ANSWER_S_MAX,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise Misconfigured(f"GOESWITH_REDIS_URL is no URL of a Redis: {error}") from None


@contextmanager
def opened(redis_url: str) -> Iterator[Any]:
    """A client for some reading and writing; raises `RedisUnreachable`, whatever Redis said."""
    try:
        with connect(Redis, redis_url) as client:
            yield client
    except (RedisError, OSError) as error:
        raise RedisUnreachable(
            f"Redis does not answer at {shown(redis_url)} ({type(error).__name__}): is it "
            "running, and is GOESWITH_REDIS_URL (or --redis) right?"
        ) from error


def shown(redis_url: str) -> str:
    """The address without name and password.

    >>> shown("redis://till:secret@cache:6379/0")
    'cache:6379'
    """
    return urlsplit(redis_url).netloc.rpartition("@")[2] or "its socket"
