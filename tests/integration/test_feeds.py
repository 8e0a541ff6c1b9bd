"""`goeswith feed` on a real Kafka: a shop sells, and mail and till hear of it."""

import csv
import io
import json
import time
from typing import Any

from click.testing import CliRunner
from kafka import KafkaProducer

from streams.cli.root import goeswith
from streams.contract.events import encode
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import encode_reference
from streams.contract.settings import Settings
from streams.operations.topics import create_topics
from tests.storefront.feeds.test_feeds import prompt
from tests.stories import Story

PATIENCE_S = 60.0


def fed(settings: Settings, *arguments: str) -> tuple[str, str]:
    """What a feed prints, and what it says beside."""
    place = ["--bootstrap", settings.kafka_bootstrap, "--prefix", settings.topic_prefix]
    done = CliRunner().invoke(goeswith, ["feed", *arguments, *place])
    assert 0 == done.exit_code, done.output
    return done.stdout, done.stderr


def test_a_till_and_a_mailing_tool_read_what_was_decided(kafka: str, topic_prefix: str) -> None:
    """Ann ordered and said yes; Bob is still looking; Cem said nothing; Dee was too early."""
    settings = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=2)
    create_topics(settings)
    producer = KafkaProducer(bootstrap_servers=kafka)
    topics, now_ms = settings.topics, time.time_ns() // 1_000_000

    def send(topic: str, key: str, value: bytes) -> None:
        producer.send(topic, value, key.encode()).get(PATIENCE_S)

    def offer(story: Story, **more: Any) -> None:
        added = story.add("bread", **more)
        send(topics.events, story.session_id, encode(added))
        offered = prompt(story, added, "butter", "jam")
        for _ in range(2):  # at least once
            send(topics.prompts, story.session_id, offered.to_json())

    ann = Story("ann", start_ms=now_ms, shopper_id="a-1", consent=True, locale="de")
    bob = Story("bob", start_ms=now_ms, consent=True)
    cem = Story("cem", start_ms=now_ms)
    for story in (ann, bob, cem):
        offer(story)
    for story in (ann, cem):
        send(topics.events, story.session_id, encode(story.order("bread", "butter")))
    jam = CatalogItem(
        item_id="jam", titles={"de": "Konfitüre", "en": "Jam"}, price_minor=450, currency="EUR"
    )
    send(topics.catalog, "jam", encode_reference(jam))

    printed, said = fed(settings, "post-purchase")
    (row,) = csv.DictReader(io.StringIO(printed))
    staff = [
        json.loads(line) for line in fed(settings, "staff", "--format", "json")[0].splitlines()
    ]

    assert ("o-ann-1", "a-1", "jam") == (row["order_id"], row["shopper_id"], row["item_id"])
    assert ("Konfitüre", "450", "EUR") == (row["title"], row["price_minor"], row["currency"])
    assert "Wird oft zusammen mit bread gekauft" == row["text"]
    assert "1 rows; sessions left out: 1 no_consent" in said
    assert [("bob", "butter"), ("bob", "jam")] == [(r["session_id"], r["item_id"]) for r in staff]
    assert "Who buys bread often takes Jam, too." == staff[1]["text"]
    printed, _ = fed(settings, "post-purchase", "--since", "0")
    assert 1 == len(printed.splitlines()), "the header alone"
