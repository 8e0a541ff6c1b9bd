"""Where checkpoints may be kept: in a topic of their own."""

import pytest
from pydantic import ValidationError

from streams.contract.settings import Settings
from streams.contract.topics import TOPICS


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_no_topic_of_ours_that_holds_something_else_takes_checkpoints(topic: str) -> None:
    """It would be made, or be said to need making, with one partition and compacted."""
    with pytest.raises(ValidationError, match="GOESWITH_CHECKPOINT_URL names a topic that holds"):
        Settings(topic_prefix="shop", checkpoint_url=f"kafka:shop.{topic}")


@pytest.mark.parametrize("url", ["", "kafka:", "kafka:shop.checkpoints", "kafka:events"])
def test_a_topic_of_their_own_does(url: str) -> None:
    """By its name, or by none."""
    settings = Settings(topic_prefix="shop", checkpoint_url=url)

    assert len(settings.topics.declared(url)) == len(TOPICS) + bool(url)
