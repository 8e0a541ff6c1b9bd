"""A Redis in which somebody else has written where views are looked for."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from redis import Redis

from streams.cli.root import goeswith
from streams.contract.errors import ViewUnreadable
from streams.contract.settings import Settings
from streams.views.reader import (
    arms_key,
    current_arms,
    current_prompts,
    prompts_key,
    recent_workers,
    worker_key,
    worker_telemetry,
)

OURS = b'{"until_ms": 9e15, "sums": {"popular": {"shown": 2, "pulls": 3}}, "left": false}'
ODD = (b"", b"\xff", b"[" * 3000, b"null", b"[1]", b'{"until_ms": NaN, "sums": {}}', b"x")


@pytest.fixture
def settings(redis_url: str, topic_prefix: str) -> Iterator[Settings]:
    """Of a shop whose keys hold things of ours and things that are not."""
    prefix = topic_prefix
    with Redis.from_url(redis_url) as client:
        client.hset(arms_key(prefix), "ann", OURS)
        client.set(worker_key(prefix, "ann"), b'{"answers": 1}')
        client.set(f"{prefix}:worker:".encode() + b"\xff", b"x")
        for number, odd in enumerate(ODD):
            client.hset(arms_key(prefix), f"odd-{number}", odd)
            client.set(worker_key(prefix, f"odd-{number}"), odd)
            client.set(prompts_key(prefix, f"odd-{number}"), odd or b"{}")
        yield Settings(redis_url=redis_url, topic_prefix=prefix)
        client.delete(*client.scan_iter(match=f"{prefix}:*"))


def test_workers_are_listed_past_it(settings: Settings) -> None:
    """One entry that is none of ours hides no other."""
    assert ("ann",) == recent_workers(settings)
    assert {"ann": {"answers": 1}} == worker_telemetry(settings)
    assert [("popular", 2)] == [(row.arm, row.shown) for row in current_arms(settings)]


def test_the_prompts_of_a_session_are_an_error_that_names_the_key(settings: Settings) -> None:
    """And one line of the command."""
    for number in range(len(ODD)):
        with pytest.raises(ViewUnreadable, match=f"{settings.topic_prefix}:prompts:odd-{number} "):
            current_prompts(settings, f"odd-{number}")
    words = ("--session", "odd-0", "--redis", settings.redis_url)
    said = CliRunner().invoke(goeswith, ["prompts", *words, "--prefix", settings.topic_prefix])

    assert 1 == said.exit_code
    assert 1 == len(said.output.splitlines())
