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


@pytest.mark.parametrize("url", ["s3://bread/butter", "abfs://bread@butter/jam", "memory://bread"])
def test_any_scheme_of_an_object_store_does(url: str) -> None:
    """Whether there is a driver for it shows when it is opened; no topic is taken for them."""
    settings = Settings(topic_prefix="shop", checkpoint_url=url)

    assert len(settings.topics.declared(url)) == len(TOPICS)


@pytest.mark.parametrize(
    "url", ["/var/shop", "s3:bread", "s3:/bread", "://bread", "S3://b", "nowhere"]
)
def test_what_is_no_url_is_refused_without_being_told(url: str) -> None:
    """It may be a password that somebody put in the wrong place."""
    with pytest.raises(ValidationError, match="should match pattern"):
        Settings(checkpoint_url=url)


@pytest.mark.parametrize("url", ["", "kafka:", "kafka:shop.checkpoints", "kafka:events"])
def test_a_topic_of_their_own_does(url: str) -> None:
    """By its name, or by none."""
    settings = Settings(topic_prefix="shop", checkpoint_url=url)

    assert len(settings.topics.declared(url)) == len(TOPICS) + bool(url)
