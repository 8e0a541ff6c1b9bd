"""A storefront: shows prompts, and tells goeswith that it did. Needs kafka-python alone.

    BOOTSTRAP=127.0.0.1:9092 python examples/storefront.py

It keeps the three rules: drop repeats by `prompt_id`, show nothing that has expired, echo the
receipt. (A page that stays open also hides what a `prompt_withdrawn` names.) Titles are those of
the catalogue, which it follows beside the prompts, in the language of whoever asked.
"""

import json
import os
import time
import uuid
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

PREFIX = os.environ.get("PREFIX", "goeswith")
PROMPTS_MAX = int(os.environ.get("PROMPTS_MAX", "1000000"))


def options() -> dict[str, Any]:
    """How Kafka is reached."""
    reached: dict[str, Any] = {"bootstrap_servers": os.environ.get("BOOTSTRAP", "127.0.0.1:9092")}
    if version := os.environ.get("API_VERSION"):  # such as 2.0, which the demo's broker needs
        reached |= {"api_version": tuple(map(int, version.split(".")))}
    return reached


class Catalog:
    """The titles of items, by language: the latest record of each key of a compacted topic."""

    def __init__(self) -> None:
        self.titles: dict[str, dict[str, str]] = {}
        self.consumer = KafkaConsumer(auto_offset_reset="earliest", **options())
        numbers = self.consumer.partitions_for_topic(f"{PREFIX}.catalog") or ()  # it is optional
        places = [TopicPartition(f"{PREFIX}.catalog", number) for number in numbers]
        self.consumer.assign(places)  # no group: every storefront reads all of it
        ends = self.consumer.end_offsets(places) if places else {}
        while any(self.consumer.position(place) < end for place, end in ends.items()):
            self.follow(wait_ms=100)

    def follow(self, wait_ms: int = 0) -> None:
        """Take what has come since."""
        if not self.consumer.assignment():
            return
        for records in self.consumer.poll(wait_ms).values():
            for record in records:
                item_id = record.key.decode()
                self.titles.pop(item_id, None)
                if record.value is not None:  # else a tombstone: it is sold no longer
                    self.titles[item_id] = json.loads(record.value).get("titles", {})

    def title(self, item_id: str, locale: str | None) -> str:
        """What an item is called in a language, or in English, or by its id."""
        titles, language = self.titles.get(item_id, {}), (locale or "en").replace("_", "-")
        for tag in (language, language.split("-")[0], "en"):
            if tag in titles:
                return titles[tag]
        return item_id


def why(prompt: dict[str, Any], catalog: Catalog) -> str:
    """The reason, with an item's title where the template has `{anchor}`."""
    reason = prompt["reason"]
    text: str = reason.get("template", reason["text"])
    if "anchor" in reason:
        title = catalog.title(reason["anchor"], prompt.get("locale"))
        text = text.replace("{anchor}", title)
    return text


def shown(prompt: dict[str, Any]) -> dict[str, Any]:
    """The event that a prompt is visible to the shopper."""
    return {
        "type": "prompt_shown",
        "event_id": str(uuid.uuid4()),
        "session_id": prompt["session_id"],
        "occurred_at_ms": int(time.time() * 1000),
        "receipt": prompt["receipt"],
    }


def main() -> None:
    """Show each prompt once, as long as it is alive."""
    consumer = KafkaConsumer(f"{PREFIX}.prompts", auto_offset_reset="earliest", **options())
    producer = KafkaProducer(acks="all", **options())
    catalog = Catalog()
    seen: set[str] = set()  # a real one forgets what has expired
    shown_so_far = 0
    for record in consumer:
        prompt = json.loads(record.value)
        if prompt["type"] != "prompt" or prompt["prompt_id"] in seen:
            continue
        seen.add(prompt["prompt_id"])
        if prompt["expires_at_ms"] <= time.time() * 1000:
            continue
        catalog.follow()
        locale = prompt.get("locale")
        items = ", ".join(catalog.title(item["item_id"], locale) for item in prompt["items"])
        print(f"{prompt['anchor']}: {items} ({why(prompt, catalog)})", flush=True)
        event = json.dumps(shown(prompt)).encode()
        producer.send(f"{PREFIX}.events", event, key=prompt["session_id"].encode())
        shown_so_far += 1
        if shown_so_far >= PROMPTS_MAX:
            break
    producer.flush()
    producer.close()
    consumer.close(autocommit=False)


if __name__ == "__main__":
    main()
