"""Addresses of Redis: what is none is refused, and nothing of a password is ever said."""

from contextlib import suppress

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from streams.cli.root import goeswith
from streams.clients.checkpoints.redis_store import RedisStore
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
    with suppress(Misconfigured):  # what urllib takes and redis-py does not shows when it connects
        RedisStore(url, "shop", 60)

    said = f"{refused.value} {shown(url)}"
    assert "GOESWITH_REDIS_URL" in said
    assert not [part for part in ("br3ad", "butt3r", "12/") if part in said]


@pytest.mark.parametrize("command", [("worker",), ("checkpoint", "inspect")])
def test_a_wrong_address_of_checkpoints_ends_a_command_without_its_password(
    command: tuple[str, ...],
) -> None:
    """A worker does not start without the checkpoints that it was meant to have."""
    env = {
        "GOESWITH_CHECKPOINT_URL": f"redis://:br3ad/{SAID}@cache",
        "GOESWITH_RECEIPT_SECRET": "not a secret",
        "GOESWITH_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "GOESWITH_KAFKA_TIMEOUT_S": "1",
        "GOESWITH_KAFKA_PATIENCE_S": "0",
    }
    result = CliRunner().invoke(goeswith, command, env=env)

    assert 2 == result.exit_code
    assert 1 == len(result.output.splitlines())
    assert "GOESWITH_CHECKPOINT_URL" in result.output
    assert "br3ad" not in result.output


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
