"""Each scenario runs twice: on the embedded broker, and on a real Apache Kafka."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from tests.scenarios.storefront import Storefront, Worker
from tests.stories import OPEN


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.integration)])
def street(request: pytest.FixtureRequest, topic_prefix: str) -> Iterator[dict[str, Any]]:
    """The settings of a shop on a broker of either kind, with its topics."""
    settings: dict[str, Any] = {
        **OPEN,
        "topic_prefix": topic_prefix,
        "group_id": topic_prefix,
        "worker_name": f"{topic_prefix}-1",
        "partitions": 2,
        "session_timeout_s": 6.0,
        "clock_skew_s_max": 1e10,
        "prompt_ttl_s": 3_600.0,
    }
    if request.param == "kafka":
        settings["kafka_bootstrap"] = request.getfixturevalue("kafka")
        # needs a broker that has admins
        from streams.operations.topics import create_topics  # noqa: PLC0415

        create_topics(Settings(**settings))
        yield settings
        return
    names = Settings(**settings).topics.declared()
    with EmbeddedBroker(dict.fromkeys(names, 2)) as broker:
        settings |= {
            "kafka_bootstrap": broker.bootstrap,
            "kafka_api_version": "2.0",
            "fetch_wait_fixed": True,
        }
        yield settings


@pytest.fixture
def storefront(street: dict[str, Any], tmp_path: Path) -> Iterator[Storefront]:
    """A storefront before a running worker."""
    worker = Worker(street, tmp_path / "worker.log")
    try:
        with Storefront(Settings(**street), worker) as store:
            yield store
        assert 0 == worker.stop(), worker.said()
    finally:
        worker.kill()


@pytest.fixture
def now_ms() -> int:
    """The time at which a story begins: a shopper's clock is the broker's clock."""
    return int(time.time() * 1000) - 120_000
