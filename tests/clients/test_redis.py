"""Addresses of Redis: what is none is refused, and nothing of a password is ever said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from streams.clients.redis import connect, shown
from streams.contract.errors import Misconfigured

SAID = "br3ad-and-butt3r"


@pytest.mark.parametrize("kind", [Redis, AsyncRedis], ids=["sync", "async"])
@pytest.mark.parametrize(
    "url",
    [
        f"redis://:br3ad/{SAID}@cache:6379/0",
        f"redis://till:12/{SAID}@cache:6379",
        f"redis://:br3ad#{SAID}@cache",
        f"redis://:br3ad?{SAID}@cache",
        f"redis://:br3ad@{SAID}@cache",
        f"redis://:{SAID}[@cache",
        f"redis://:{SAID}@cache:port/0",
        f"redis://:{SAID}@cache/0?foo=bar",
        f"redis://:{SAID}@cache/0?health_check_interval=often",
        f"http://:{SAID}@cache",
        f"{SAID}@cache:6379",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(kind: object, url: str) -> None:
    """Errors end up in logs."""
    with pytest.raises(Misconfigured) as refused:
        connect(kind, url)

    said = f"{refused.value} {shown(url)}"
    assert "GOESWITH_REDIS_URL" in said
    assert not [part for part in ("br3ad", "butt3r", "12/") if part in said]


@given(st.text(st.sampled_from("ab1:/?#@[]%"), min_size=1, max_size=12))
def test_whatever_the_password_holds_only_the_address_is_shown(password: str) -> None:
    """Escaped or not."""
    shown_ = shown(f"redis://:{password}secret@cache:6379/0")

    assert shown_ in ("cache:6379", "an address that cannot be read")


def test_escaped_passwords_and_sockets_are_taken() -> None:
    """As redis-py reads them."""
    client = connect(Redis, "redis://:pa%2Fss@cache:6379/0")
    socket = connect(Redis, "unix:///run/redis@1.sock")

    assert "pa/ss" == client.connection_pool.connection_kwargs["password"]
    assert "/run/redis@1.sock" == socket.connection_pool.connection_kwargs["path"]
