"""Where settings have checkpoints kept: in a topic, where they say nothing else."""

from pathlib import Path
from typing import Any

import pytest

from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.redis_store import RedisStore
from streams.clients.checkpoints.store import checkpoints_at, open_store
from streams.clients.checkpoints.topic_store import TopicStore
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker

REDIS = "redis://127.0.0.1:6379/0"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, TopicStore),
        ({"redis_url": REDIS}, TopicStore),
        ({"checkpoint_url": "kafka:knowledge", "redis_url": REDIS}, TopicStore),
        ({"checkpoint_url": REDIS}, RedisStore),
        ({"checkpoint_url": "file:///var/lib/shop"}, FileStore),
        ({"checkpoint_url": "none", "redis_url": REDIS}, type(None)),
        ({"kafka_api_version": "2.0"}, type(None)),
        ({"kafka_api_version": "2.0", "redis_url": REDIS}, RedisStore),
    ],
)
def test_checkpoints_are_kept_in_a_topic_unless_settings_say_otherwise(
    said: dict[str, Any], kind: type
) -> None:
    """The embedded broker, which has no transactions, has the Redis of the views for them."""
    assert isinstance(open_store(Settings(**{"checkpoint_url": "", **said})), kind)


def test_a_topic_is_named_by_the_prefix_where_nobody_names_it() -> None:
    """For those who make it, too."""
    settings = Settings(topic_prefix="shop", checkpoint_url="")
    store = open_store(settings)

    assert "shop.checkpoints" in settings.topics.declared(checkpoints_at(settings))
    assert store is not None
    assert "topic shop.checkpoints of Kafka" in store.where


def test_nowhere_is_a_word_and_no_file(tmp_path: Path) -> None:
    """A file of that name is a file."""
    path = tmp_path / "none"

    assert path.as_uri() == checkpoints_at(Settings(checkpoint_url=path.as_uri()))
    assert "" == checkpoints_at(Settings(checkpoint_url="none"))


class EarlierPlace:
    """Where an earlier version kept one."""

    where = "Redis at cache:6379"

    def read(self) -> bytes | None:
        """The one that is there."""
        return b"goeswith-checkpoint"


def test_what_an_earlier_version_kept_is_said_to_stay_where_it_is(
    embedded_broker: EmbeddedBroker, topic_prefix: str
) -> None:
    """Nothing of it goes into the topic: it is gone when it expires, unless somebody copies it."""
    settings = Settings(kafka_bootstrap=embedded_broker.bootstrap, kafka_api_version="2.0")
    store = TopicStore(settings, f"{topic_prefix}.checkpoints", before=EarlierPlace())
    unread = store.place("settings-1f0c3a5e7b92")
    store.read()

    assert "settings-1f0c3a5e7b92" in unread
    assert store.place("settings-1f0c3a5e7b92").startswith("Redis at cache:6379, until it expires")
