"""A storefront: shows prompts, and tells goeswith that it did. Needs kafka-python alone.

    BOOTSTRAP=127.0.0.1:9092 python examples/storefront.py

It keeps the three rules: drop repeats by `prompt_id`, show nothing that has expired, echo the
receipt. (A page that stays open also hides what a `prompt_withdrawn` names.)
"""

import json
import os
import time
import uuid
from typing import Any

from kafka import KafkaConsumer, KafkaProducer

PREFIX = os.environ.get("PREFIX", "goeswith")
TITLES = {"bread": "Fresh bread", "butter": "Butter, salted"}  # a real one asks its catalogue
PROMPTS_MAX = int(os.environ.get("PROMPTS_MAX", "1000000"))


def options() -> dict[str, Any]:
    """How Kafka is reached."""
    reached: dict[str, Any] = {"bootstrap_servers": os.environ.get("BOOTSTRAP", "127.0.0.1:9092")}
    if version := os.environ.get("API_VERSION"):  # such as 2.0, which the demo's broker needs
        reached |= {"api_version": tuple(map(int, version.split(".")))}
    return reached


def why(prompt: dict[str, Any]) -> str:
    """The reason, with an item's title where the template has `{anchor}`."""
    reason = prompt["reason"]
    anchor = reason.get("anchor", "")
    text: str = reason.get("template", reason["text"])
    return text.replace("{anchor}", TITLES.get(anchor, anchor))


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
    seen: set[str] = set()  # a real one forgets what has expired
    for record in consumer:
        prompt = json.loads(record.value)
        if prompt["type"] != "prompt" or prompt["prompt_id"] in seen:
            continue
        seen.add(prompt["prompt_id"])
        if prompt["expires_at_ms"] <= time.time() * 1000:
            continue
        items = ", ".join(item["item_id"] for item in prompt["items"])
        print(f"{prompt['anchor']}: {items} ({why(prompt)})", flush=True)
        event = json.dumps(shown(prompt)).encode()
        producer.send(f"{PREFIX}.events", event, key=prompt["session_id"].encode())
        if len(seen) >= PROMPTS_MAX:
            break
    producer.flush()
    producer.close()
    consumer.close(autocommit=False)


if __name__ == "__main__":
    main()
