"""Whose time an events topic carries, on a broker that tells: Apache Kafka."""

import time
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from streams.clients.async_kafka import check_topics
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import TopicsWrong
from streams.contract.settings import Settings
from streams.operations.topics import check_topics as compare_topics
from streams.operations.topics import create_topics
from tests.integration.workers import PATIENCE_S, Staff, send, views

pytestmark = pytest.mark.integration


async def test_senders_time_is_refused_until_it_is_mended_or_allowed(
    kafka: str, topic_prefix: str
) -> None:
    """By workers and by `goeswith topics check`."""
    settings = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)
    allowed = settings.model_copy(update={"create_time_allowed": True})
    create_topics(settings)
    assert await check_topics(settings)
    _alter(settings, "CreateTime")

    with pytest.raises(TopicsWrong, match=r"--add-config message.timestamp.type=LogAppendTime"):
        await check_topics(settings)
    with pytest.raises(TopicsWrong, match=r"--add-config message.timestamp.type=LogAppendTime"):
        compare_topics(settings)
    assert await check_topics(allowed)
    assert compare_topics(allowed)

    _alter(settings, "LogAppendTime")
    assert await check_topics(settings)


def test_a_new_groups_name_is_warned_of_and_answers_nothing_of_old(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """What was on the log by then is learned from, in silence."""
    staff = Staff(kafka, topic_prefix, tmp_path, prompt_ttl_s=0.001)
    try:
        create_topics(staff.settings)
        send(staff.settings, views(40))
        staff.start("ann")
        staff.until_answered()
        silences = staff.state("ann")["telemetry"]["silences"]
        said = staff.workers["ann"].said()
    finally:
        staff.go_home()

    assert {"expired": 40} == silences
    assert [] == staff.prompts()
    assert 1 == said.count(f"group {topic_prefix} has committed nothing")


def _alter(settings: Settings, time_type: str) -> None:
    """Alter the events topic, and wait until brokers say so."""
    config = {"message.timestamp.type": time_type}
    events = ConfigResource(ConfigResourceType.TOPIC, settings.topics.events, config)
    deadline_s = time.monotonic() + PATIENCE_S
    with open_admin(settings) as admin:
        admin.alter_configs([events])
        while time_type not in str(admin.describe_configs([events])):
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
