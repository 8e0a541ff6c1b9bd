"""What tests may ask for: a real Kafka and Redis, the embedded ones, and names of their own.

A real broker that cannot be started is a reason to skip on a developer's machine, and a failure in
continuous integration (`CI` is set), where a silent skip would hide that nothing was tested.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from streams.lab.chaos.ground.apache_kafka import RealKafka, real_kafka
from streams.lab.chaos.ground.jars import NoKafka
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.redis_server import EmbeddedRedis
from tests.longest_first import longest_first

REAL = {"kafka", "own_kafka", "redis_url"}
"""The fixtures that make a test an integration test."""

# No deadline: on a busy machine the clock says nothing about the code. Derandomised in CI: a
# change is judged by its own examples; locally each run looks for new ones.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
# `make mutants` wants to know whether a test fails, not what the simplest failure is.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("ci" if os.environ.get("CI") else "local")

DATA = "GOESWITH_DATA"
"""Where the tests find logs that are not ours to publish: no setting of a worker."""

# A test says itself which settings it means; the developer's own are for running, not for testing.
for name in [name for name in os.environ if name.startswith("GOESWITH_") and name != DATA]:
    del os.environ[name]
# Nor do its workers leave behind what they have learned: who tests that says where it goes.
os.environ["GOESWITH_CHECKPOINT_URL"] = "none"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Kafka or Redis, so that `-m 'not integration'` is always right.

    Where several processes share the tests, the longest files begin first.
    """
    for item in items:
        if REAL & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.integration)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = longest_first(items)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Apache Kafka, shared by all tests: use `topic_prefix`, do not stop it.

    `KAFKA_BOOTSTRAP_SERVERS` names one that runs already.
    """
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    broker = _started(tmp_path_factory.mktemp("kafka"))
    yield broker.bootstrap
    broker.discard()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[RealKafka]:
    """A real Apache Kafka of the test's own, running, to be stopped, killed and started again."""
    broker = _started(tmp_path)
    yield broker
    broker.discard()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis: `REDIS_URL`, or the system's redis-server, or the one of the demo."""
    if given := os.environ.get("REDIS_URL"):
        yield given
        return
    with EmbeddedRedis(shutil.which("redis-server")) as server:
        yield server.url


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """The embedded broker, shared: create your topics under `topic_prefix`."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test uses, nor an earlier run on the same broker."""
    return f"test-{uuid.uuid4().hex[:12]}"


def _started(directory: Path) -> RealKafka:
    try:
        broker = real_kafka(directory, short_lived=True)
    except NoKafka as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))
    broker.start()
    return broker
