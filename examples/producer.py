"""A shop's backend: sends events to goeswith. Needs kafka-python, and nothing of goeswith.

    BOOTSTRAP=127.0.0.1:9092 python examples/producer.py

Three shoppers take bread and butter together, so that a fourth, who adds bread, is offered butter.
"""

import json
import os
import time
import uuid
from typing import Any

from kafka import KafkaProducer

TOPIC = os.environ.get("PREFIX", "goeswith") + ".events"
VISITS = [["bread", "butter"], ["bread", "butter", "jam"], ["bread", "butter"], ["bread"]]


def added(session_id: str, item_id: str) -> dict[str, Any]:
    """The event that a shopper added an item; each has an id of its own."""
    return {
        "type": "item_added",
        "schema_version": 2,
        "event_id": str(uuid.uuid4()),
        "session_id": session_id,
        "occurred_at_ms": int(time.time() * 1000),
        "item_id": item_id,
    }


def connect() -> KafkaProducer:
    """A producer that waits until all replicas have an event."""
    options: dict[str, Any] = {"bootstrap_servers": os.environ.get("BOOTSTRAP", "127.0.0.1:9092")}
    if version := os.environ.get("API_VERSION"):  # such as 2.0, which the demo's broker needs
        options |= {"api_version": tuple(map(int, version.split(".")))}
    return KafkaProducer(acks="all", **options)


def main() -> None:
    """Send the visits; the key is the session, so that its events stay in order."""
    producer = connect()
    for number, items in enumerate(VISITS, start=1):
        session_id = f"{uuid.uuid4()}-{number}"
        for item_id in items:
            event = json.dumps(added(session_id, item_id)).encode()
            producer.send(TOPIC, event, key=session_id.encode())
    producer.flush()
    producer.close()
    print(f"sent {sum(map(len, VISITS))} events to {TOPIC}")


if __name__ == "__main__":
    main()
