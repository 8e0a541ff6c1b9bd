"""A shop without a Kafka client: its server and its pages speak HTTP with a gateway."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.contract.events import encode
from tests.scenarios.storefront import PATIENCE_S, Storefront, Worker
from tests.stories import Story

KEY = "no secret at all and long enough for one"
OF_SERVER = {"authorization": f"Bearer {KEY}"}
GOESWITH_GATEWAY = "-m", "streams", "gateway"
ADDRESS = re.compile(r"goeswith gateway: (http://[\d.:]+)")


class Page:
    """A shopper's page: a token, and a stream that is read beside it."""

    def __init__(self, http: httpx.Client, session_id: str) -> None:
        self.http = http
        asked = http.post("/v1/sessions", json={"session_id": session_id}, headers=OF_SERVER)
        self.token = asked.json()["token"]
        self.came: list[tuple[str, dict[str, Any]]] = []
        self._opened = threading.Event()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        assert self._opened.wait(PATIENCE_S)

    def _read(self) -> None:
        address = f"/v1/prompts/stream?token={self.token}"
        with self.http.stream("GET", address, timeout=PATIENCE_S) as answer:
            kind = ""
            for line in answer.iter_lines():
                name, _, said = line.partition(": ")
                if name == "retry":
                    self._opened.set()
                elif name == "event":
                    kind = said
                elif name == "data":
                    self.came.append((kind, json.loads(said)))

    def send(self, *events: dict[str, Any], wait_ms: int = 0) -> dict[str, Any]:
        """Say what happened, as `sendBeacon` does."""
        address = f"/v1/events?token={self.token}&wait_ms={wait_ms}"
        answer = self.http.post(address, content=json.dumps(events))
        assert 200 == answer.status_code, answer.text
        return dict(answer.json())

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The first of this kind that comes."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for came, said in self.came:
                if came == kind:
                    return said
            time.sleep(0.02)
        raise AssertionError(f"no {kind} came: {self.came}")

    def end(self) -> bool:
        """Whether the stream has ended."""
        self._reading.join(PATIENCE_S)
        return not self._reading.is_alive()


@pytest.fixture
def gateway(street: dict[str, Any], tmp_path: Path) -> Iterator[Worker]:
    """A running gateway beside the worker."""
    settings = {**street, "gateway_keys": KEY, "gateway_port": 0}
    process = Worker(settings, tmp_path / "gateway.log", GOESWITH_GATEWAY)
    yield process
    process.kill()


def until(found: Callable[[], Any]) -> Any:
    """Wait for what must come."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return result


def test_an_add_over_http_is_answered_on_the_stream(
    storefront: Storefront, gateway: Worker, now_ms: int
) -> None:
    """The server teaches, a page asks and is answered; another page sees nothing of it."""
    address = until(lambda: ADDRESS.search(gateway.said()))[1]
    with httpx.Client(base_url=address) as http:
        assert 200 == http.get("/readyz").status_code
        for number in range(10):
            past = Story(f"past-{number}", start_ms=now_ms)
            told = past.add("bread"), past.add("butter"), past.order("bread", "butter")
            events = [json.loads(encode(event)) for event in told]
            answer = http.post("/v1/events", json=events, headers=OF_SERVER)
            assert 3 == answer.json()["accepted"]
        ann, bob = Page(http, "ann"), Page(http, "bob")
        bread = {"type": "item_added", "event_id": "e1", "item_id": "bread"}
        ann.send(bread)
        prompt = ann.wait_for("prompt")

        assert ("e1", "bread") == (prompt["caused_by"], prompt["anchor"])
        assert "butter" in {item["item_id"] for item in prompt["items"]}
        assert prompt.keys().isdisjoint({"arm", "context", "propensity", "propensities"})
        current = http.get("/v1/prompts", params={"token": ann.token}).json()["prompts"]
        assert [prompt["prompt_id"]] == [each["prompt_id"] for each in current]

        ann.send({"type": "item_added", "event_id": "e2", "item_id": "butter"})
        assert prompt["prompt_id"] == ann.wait_for("prompt_withdrawn")["prompt_id"]

        assert [] == bob.came
        (waited,) = bob.send({**bread, "event_id": "e3"}, wait_ms=30_000)["prompts"]
        assert "e3" == waited["caused_by"] == bob.wait_for("prompt")["caused_by"]
        bob.send({"type": "prompt_shown", "event_id": "e4", "receipt": waited["receipt"]})
        shown = storefront.wait_for(lambda: storefront.outcomes() or None, "outcome")
        assert [(waited["prompt_id"], "shown")] == [(o.prompt_id, o.stage) for o in shown]

        assert 0 == gateway.stop(), gateway.said()
        assert ann.end()
        assert bob.end()
