"""What Prometheus finds at a real worker, gateway and exporter: is it what is asked for?

Every metric that an alert or a dashboard names is in one of the three scrapes, with the labels that
it is asked by.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed
from prometheus_client.samples import Sample

from streams.clients.connection.addresses import free_port
from streams.lab.embedded.worker_process import environment
from streams.operations.boards.dashboards import BOARDS, files
from streams.operations.topics import create_topics
from tests.integration.workers import Staff, send, views
from tests.scenarios.storefront import Worker
from tests.scenarios.test_gateway import GOESWITH_GATEWAY, KEY

ROOT = Path(__file__).parent.parent.parent
RULES = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
QUERIES = [
    query for board in BOARDS.values() for panel in board for query in panel.queries.values()
]
EVENTS = 40
ANSWERED = "kafka_consumergroup_current_offset"
PATIENCE_S = 60.0


class Scrapes(NamedTuple):
    """What there was to scrape when all events were answered, and how the exporter ended."""

    worker: list[Sample]
    gateway: list[Sample]
    exporter: list[Sample]
    prefix: str
    exit_code: int

    def all(self) -> list[Sample]:
        """What Prometheus knows."""
        return self.worker + self.gateway + self.exporter


def scraped(port: int) -> list[Sample]:
    """Every sample of a page; none while there is no page."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            text = page.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return []
    return [sample for family in parsed(text) for sample in family.samples]


def total(samples: list[Sample], name: str) -> float:
    """A metric, all labels taken together."""
    return sum(sample.value for sample in samples if sample.name == name)


def has_seen_all(port: int) -> bool:
    """Whether a page tells of all events that they are answered, and of a worker that is ready.

    It looks every second.
    """
    told = scraped(port)
    unready = any(one.name == "goeswith_worker_ready" and not one.value for one in told)
    answered = EVENTS == total(told, ANSWERED) and 0 == total(told, "kafka_consumergroup_lag")
    return answered and not unready


@pytest.fixture(scope="module")
def scrapes(kafka: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Scrapes:
    """One worker that has answered some views, a gateway that was asked, and an exporter."""
    prefix, port = f"metrics-{time.time_ns()}", free_port()
    more = {"partitions": 2, "redis_url": redis_url}
    staff = Staff(kafka, prefix, tmp_path_factory.mktemp("staff"), **more)
    create_topics(staff.settings)
    command = [sys.executable, "-m", "streams", "exporter", "--every", "0.5", "--port", str(port)]
    exporter = subprocess.Popen(command, env={**os.environ, **environment(staff.settings)})
    door = free_port()
    asked = {**staff.common, "gateway_keys": KEY, "gateway_port": door}
    gateway = Worker(asked, staff.folder / "gateway.log", GOESWITH_GATEWAY)
    try:
        staff.start("ann")
        staff.until_at_work("ann")
        send(staff.settings, views(EVENTS))
        staff.until_answered()
        for each, who in ((port, "the exporter"), (staff.ports["ann"], "the worker")):
            staff.until(partial(has_seen_all, each), f"{who} has seen it")
        worker, lag = scraped(staff.ports["ann"]), scraped(port)
        staff.until(partial(has_been_asked, door), "the gateway has an event")
        http = scraped(door)
    finally:
        staff.go_home()
        gateway.kill()
        exporter.send_signal(signal.SIGTERM)
        code = exporter.wait(PATIENCE_S)
    return Scrapes(worker, http, lag, prefix, code)


def has_been_asked(port: int) -> bool:
    """Whether a gateway is there, and took an event from who has the key, and from nobody else."""
    event = {"type": "item_viewed", "event_id": "e1", "session_id": "ann", "item_id": "bread"}
    key = {"authorization": f"Bearer {KEY}"}
    try:
        taken = [
            httpx.post(f"http://127.0.0.1:{port}/v1/events", json=event, headers=who).status_code
            for who in (key, {})
        ]
    except httpx.TransportError:
        return False
    return taken == [200, 401]


def test_a_worker_tells_what_it_did(scrapes: Scrapes) -> None:
    """All events are folded and answered, and each stage was timed."""
    counts = {
        sample.labels["stage"]: sample.value
        for sample in scrapes.worker
        if sample.name == "goeswith_stage_seconds_count"
    }

    assert EVENTS == total(scrapes.worker, "goeswith_events_answered_total")
    assert EVENTS == total(scrapes.worker, "goeswith_events_folded_total")
    assert EVENTS == total(scrapes.worker, ANSWERED)
    assert 1 == total(scrapes.worker, "goeswith_worker_ready")
    assert {"ingest", "fold", "decide", "deliver"} == {name for name, n in counts.items() if n}
    asked = total(scrapes.worker, "goeswith_prompts_total")
    assert EVENTS == asked + total(scrapes.worker, "goeswith_silences_total")


def test_a_gateway_tells_what_it_did(scrapes: Scrapes) -> None:
    """One event is in Kafka, one request was refused, and Kafka was timed."""
    taken = {
        (s.labels["format"], s.labels["result"]): s.value
        for s in scrapes.gateway
        if s.name == "goeswith_gateway_events_total" and s.value
    }
    refused = {
        s.labels["reason"]: s.value
        for s in scrapes.gateway
        if s.name == "goeswith_gateway_refusals_total"
    }

    assert {("goeswith", "accepted"): 1} == taken
    assert {"token_missing": 1} == refused
    assert 1 == total(scrapes.gateway, "goeswith_gateway_acknowledged_seconds_count")
    assert 1 == total(scrapes.gateway, "goeswith_gateway_ready")


def test_worker_and_exporter_agree(scrapes: Scrapes) -> None:
    """Nothing waits, each partition is OK, and one worker is in the group."""
    well = {"status": "OK", "consumergroup": scrapes.prefix, "topic": f"{scrapes.prefix}.events"}
    ok = [
        sample.labels["partition"]
        for sample in scrapes.exporter
        if well.items() <= sample.labels.items() and sample.value
    ]

    assert 0 == total(scrapes.worker, "kafka_consumergroup_lag")
    assert 0 == total(scrapes.exporter, "kafka_consumergroup_lag")
    assert 0 == total(scrapes.exporter, "goeswith_consumergroup_lag_seconds")
    assert ["0", "1"] == sorted(ok)
    assert 2 == total(scrapes.exporter, "goeswith_consumergroup_partition_owned")
    assert 1 == total(scrapes.exporter, "kafka_consumergroup_members")


def test_the_exporter_ends_when_it_is_told_to(scrapes: Scrapes) -> None:
    """With the code that shells have for it."""
    assert 128 + signal.SIGTERM == scrapes.exit_code


@pytest.mark.parametrize("asked", [RULES, "\n".join(QUERIES)], ids=["alerts", "dashboards"])
def test_what_is_asked_for_is_told(scrapes: Scrapes, asked: str) -> None:
    """Each metric, and each value of a label that it is chosen by."""
    told = {sample.name for sample in scrapes.all()}
    chosen = re.findall(r'(\w+)\{(\w+)(=~?)"([\w|]+)"', asked)
    missing = {
        (name, label, value)
        for name, label, _, values in chosen
        for value in values.split("|")
        if not any(s.name == name and s.labels.get(label) == value for s in scrapes.all())
    }
    named = set(re.findall(r"\b(?:goeswith|kafka|process)_\w+", asked))

    assert named
    assert set() == named - told
    assert set() == missing


def test_dashboards_are_written_from_the_code() -> None:
    """`python -m streams.operations.boards deploy/grafana/dashboards` would change nothing."""
    folder = ROOT / "deploy" / "grafana" / "dashboards"

    assert files() == {path.name: path.read_text() for path in folder.iterdir()}


def test_panels_do_not_overlap_and_say_what_they_show() -> None:
    """In a grid of 24 columns."""
    for text in files().values():
        panels = json.loads(text)["panels"]
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]

        assert len(panels) == len(set(places)) == len({panel["id"] for panel in panels})
        assert all(panel["description"] and panel["targets"] for panel in panels)
        assert {0, 12} == {x for x, _ in places}


def test_every_query_is_one_that_prometheus_reads(tmp_path: Path) -> None:
    """As a rule that records it."""
    promtool = shutil.which("promtool")
    if promtool is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no promtool here")
    rules = [{"record": f"query:{at}", "expr": query} for at, query in enumerate(QUERIES)]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps({"groups": [{"name": "boards", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
