"""What docker-compose.yml starts works together: all of it that is ours, without Docker.

And what it says of each service is what the handbook promises: nobody is root, nothing is written,
nothing is published to the world, and each waits for what it needs.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.contract.settings import Settings
from tests.integration.composed import OURS, PATIENCE_S, ROOT, SERVICES, Composed

KEY = "no secret at all and long enough for one"
TOKEN = "nor is this one, which is as long as it has to be"  # noqa: S105
GIVEN = {
    "GOESWITH_RECEIPT_SECRET": "not a secret, and long enough for one",
    "GOESWITH_GATEWAY_KEYS": KEY,
    "GOESWITH_CONSOLE_TOKEN": TOKEN,
}
TEXT = (ROOT / "docker-compose.yml").read_text()
ON_DEMAND = {"console", "gateway", "simulator", "exporter", "prometheus", "grafana"}


def until(found: Callable[[], Any], composed: Composed, name: str) -> Any:
    """Wait for what must come."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < deadline, composed.said(name)
        time.sleep(0.2)
    return result


@pytest.fixture
def composed(kafka: str, redis_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Composed]:
    """Nothing is started yet; topics and group have names of their own."""
    own = {"GOESWITH_TOPIC_PREFIX": topic_prefix, "GOESWITH_GROUP_ID": topic_prefix}

    class Own(Composed):
        def environment(self, name: str, **more: str) -> dict[str, str]:
            return super().environment(name, **own, **more)

    with Own(kafka, redis_url, GIVEN, tmp_path) as services:
        yield services


def test_all_that_is_ours_comes_up_in_order_and_works_together(composed: Composed) -> None:
    """Shoppers are simulated, workers answer, the console sees both, the gateway takes an event."""
    for name in ("worker-1", "worker-2", "gateway", "console", "simulator"):
        composed.start(name)
    for name in ("worker-1", "worker-2", "gateway", "console"):
        composed.wait_for(name, "service_healthy")
    seen = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=composed.address("console"), headers=seen) as console:

        def of(what: str) -> dict[str, Any]:
            return dict(console.get(f"/api/{what}").json())

        prompts = until(lambda: of("prompts")["prompts"], composed, "simulator")
        workers = until(lambda: of("operations").get("workers"), composed, "console")
        lag = until(lambda: of("lag").get("partitions"), composed, "console")
        pages = {path: console.get(path).status_code for path in ("/", "/lag", "/operations")}

        assert prompts
        assert {"worker-1", "worker-2"} == {one["owner"] for one in lag}
        assert 2 == len(workers)
        assert {200} == set(pages.values())
    with httpx.Client(base_url=composed.address("console")) as stranger:
        assert 401 == stranger.get("/api/lag").status_code

    event = {"type": "item_viewed", "event_id": "e1", "session_id": "ann", "item_id": "bread"}
    key = {"authorization": f"Bearer {KEY}"}
    answer = httpx.post(f"{composed.address('gateway')}/v1/events", json=event, headers=key)
    assert 1 == answer.json()["accepted"]

    composed.running["simulator"].terminate()
    assert 0 == composed.running["simulator"].wait(PATIENCE_S), composed.said("simulator")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_says_what_it_is_and_has_no_privileges(name: str) -> None:
    """A comment above it; no capability, no root, no file but its own, no port for the world."""
    service = SERVICES[name]
    above = re.search(rf"((?:^  #.*\n)+)  {name}:\n", TEXT, re.MULTILINE)

    assert above is not None or name == "worker-2", f"nothing is said above {name}"
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert [] == [port for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")]
    if name in OURS:
        assert (True, ["/tmp"]) == (service["read_only"], service["tmpfs"])  # noqa: S108
        assert "user" not in service


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_settings_that_there_are_and_no_secret_in_the_file(name: str) -> None:
    """Each a field of `Settings`, of a value that it takes; secrets come from the environment."""
    said = SERVICES[name].get("environment", {})
    fields = {f"GOESWITH_{field.upper()}": field for field in Settings.model_fields}

    assert set() == said.keys() - fields.keys()
    for key, value in said.items():
        if any(word in key for word in ("SECRET", "KEYS", "TOKEN")):
            assert re.fullmatch(r"\$\{" + key + r"(:[?-][^}]*)?\}", value)
        elif "${" not in value:
            Settings(**{fields[key]: value})


def test_each_waits_for_what_it_needs() -> None:
    """Topics for Kafka's health, workers for topics, shoppers for workers that answer."""
    needs = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    first = {name for name, needed in needs.items() if "topics" in needed}

    assert {"kafka": {"condition": "service_healthy"}} == needs["topics"]
    assert {"worker-1", "worker-2", "gateway", "console", "exporter"} == first
    assert {"service_healthy"} == {each["condition"] for each in needs["simulator"].values()}
    assert {"worker-1", "worker-2"} == needs["simulator"].keys()
    asked = {other for needed in needs.values() for other in needed if needed != ["prometheus"]}
    waited_for = asked - {"topics", "prometheus"}
    assert all("healthcheck" in SERVICES[name] for name in waited_for)


def test_what_not_everybody_wants_is_asked_for_by_its_profile() -> None:
    """`docker compose up` is Kafka, Redis, topics, two workers; the file says how to have more."""
    profiles = {name: service.get("profiles", []) for name, service in SERVICES.items()}
    head = TEXT.partition("\nname:")[0]

    assert {name for name, asked in profiles.items() if asked} == ON_DEMAND
    for (profile,) in filter(None, profiles.values()):
        assert re.search(rf"^#   {profile} +\w", head, re.MULTILINE), profile
