"""The page `/metrics`: read as Prometheus reads it, around a shop that nobody runs."""

import asyncio
import re
from collections import Counter
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from streams.clients.connection.topics import judge
from streams.clients.connection.topics.findings import KINDS
from streams.contract.errors import InvalidEvent
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.shop.memory.answer import Answer, Silence
from streams.worker.health.metrics.page import show_metrics
from streams.worker.health.watchdog import Health
from streams.worker.replica import Replica
from streams.worker.telemetry import Histogram, Telemetry
from tests.stories import OPEN, Story, Till

ANOTHER = "another"
"""The secret of a worker that was not given the one of its peers."""
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Page:
    """A worker of partitions 0 and 1, without a broker, and what its page says."""

    def __init__(self, till: Till | None = None) -> None:
        self.assigned: frozenset[int] | None = frozenset({0, 1})
        self.telemetry = Telemetry()
        settings = Settings(**OPEN, worker_name="ann", group_id="workers", topic_prefix="shop")
        shop = (till or Till()).shop
        self.replica = Replica(settings, shop, self.telemetry)
        self.watchdog = SimpleNamespace(health=Health(ready=True), loop_late_s=0.5, ends={0: 9})
        self.views = SimpleNamespace(failing=False)
        self.answered = {0: 7, 5: 3}
        self._handler: Any = None
        show_metrics(self, settings, self.watchdog, self.views, self.answered)

    def page(self, path: str) -> Any:
        """Keep the one page."""
        assert path == "/metrics"

        def keep(handler: Any) -> Any:
            self._handler = handler
            return handler

        return keep

    def text(self, accept: str = "") -> tuple[str, str]:
        """The page, and what it says that it is."""
        web = SimpleNamespace(bytes=lambda body, headers: (body.decode(), headers["Content-Type"]))
        request = SimpleNamespace(headers={"Accept": accept})
        said: tuple[str, str] = asyncio.run(self._handler(web, request))
        return said

    def samples(self) -> Samples:
        """Every sample, by name and labels."""
        families = plain_text(self.text()[0])
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        """One sample; None: there is none."""
        return self.samples().get((name, frozenset(labels.items())))


def test_lag_is_what_is_not_answered_of_the_partitions_that_are_ours() -> None:
    """Partition 5 was ours once; of partition 1 nothing is known yet: neither has a series."""
    page = Page()
    here = {"topic": "shop.events", "partition": "0"}

    assert 2 == page.value("kafka_consumergroup_lag", consumergroup="workers", **here)
    assert 7 == page.value("kafka_consumergroup_current_offset", consumergroup="workers", **here)
    assert 9 == page.value("kafka_topic_partition_current_offset", **here)
    assert 9 == page.value("goeswith_fold_lag_events", **here)
    assert 1 == sum(name == "kafka_consumergroup_lag" for name, _ in page.samples())


def test_a_lag_is_never_negative() -> None:
    """What is answered may be newer than where the log ended a second ago."""
    page = Page()
    page.answered[0] = 12
    page.replica.shop.position[0] = 12
    labels = {"topic": "shop.events", "partition": "0"}

    assert 0 == page.value("kafka_consumergroup_lag", consumergroup="workers", **labels)
    assert 0 == page.value("goeswith_fold_lag_events", **labels)


def test_while_nobody_knows_where_the_log_ends_there_is_no_lag_series() -> None:
    """A broker that is away makes no lag of zero; the page answers: we are not ready."""
    page = Page()
    page.watchdog.ends = {}
    page.watchdog.health = Health(ready=False, reasons=("Kafka is away",))
    names = {name for name, _ in page.samples()}

    assert "kafka_consumergroup_lag" not in names
    assert "kafka_topic_partition_current_offset" not in names
    assert 0 == page.value("goeswith_worker_ready")
    assert 1 == Page().value("goeswith_worker_ready")


def test_whoever_is_in_no_group_has_no_lag_of_it() -> None:
    """A standby folds, and answers for nobody."""
    page = Page()
    page.assigned = None

    assert "kafka_consumergroup_lag" not in {name for name, _ in page.samples()}
    assert 0 == page.value("goeswith_assigned_partitions")


def test_what_is_counted_by_a_word_of_ours_has_it_as_a_label_and_begins_at_zero() -> None:
    """So that the first dead letter is an increase, and an alert sees it."""
    page = Page()
    before = page.value("goeswith_dead_letters_total", reason="oversize")
    page.telemetry.answer(Answer(rejected=InvalidEvent("oversize", "too large")))
    page.telemetry.answer(Answer(silence=Silence("cool_down")))

    page.telemetry.topic_findings["compacted"] += 1

    assert 0 == before
    assert 1 == page.value("goeswith_topic_findings_total", kind="compacted")
    assert 0 == page.value("goeswith_topic_findings_total", kind="went_back")
    assert 1 == page.value("goeswith_dead_letters_total", reason="oversize")
    assert 1 == page.value("goeswith_silences_total", reason="cool_down")
    assert 0 == page.value("goeswith_silences_total", reason="late")
    assert 0 == page.value("goeswith_outcomes_total", stage="bought")
    assert 2 == page.value("goeswith_events_answered_total")


def test_what_senders_name_is_in_no_label() -> None:
    """Neither sessions nor items, nor segments, languages and keys, whose number has no bound."""
    till, story = Till(receipt_secret=ANOTHER), Story("session-9")
    for event in (story.view("bread-1"), story.add("butter-2"), story.see(PROMPT)):
        till.serve(event)
    page = Page(till)
    page.telemetry.unlisted_segments.update({"segment-3": 2, "segment-4": 1})
    page.telemetry.languages_without_texts["tlh"] = 4
    text, _ = page.text()
    unread = page.value("goeswith_receipts_unknown_key_total")

    for word in ("session-9", "bread-1", "butter-2", "segment-3", "tlh", *till.shop.unknown_keys):
        assert word not in text
    assert 3 == page.value("goeswith_events_unlisted_segment_total")
    assert 4 == page.value("goeswith_events_language_without_texts_total")
    assert unread == sum(till.shop.unknown_keys.values()) > 0


def test_histograms_are_cumulative_and_in_seconds() -> None:
    """Each stage, and the whole way of a prompt."""
    page = Page()
    page.telemetry.delivered([1_000, 1_000, 1_000], now_ms=1_004)
    page.telemetry.delivered([0], now_ms=100_000)
    page.telemetry.fold_ms.observe([0.0], now_ms=0.04)
    name, until = "goeswith_event_to_prompt_seconds", {"until": "acknowledged"}

    assert 0 == page.value(f"{name}_bucket", le="0.003", **until)
    assert 3 == page.value(f"{name}_bucket", le="0.005", **until)
    assert 3 == page.value(f"{name}_bucket", le="30.0", **until)
    assert 4 == page.value(f"{name}_bucket", le="+Inf", **until)
    assert 4 == page.value(f"{name}_count", **until)
    assert page.value(f"{name}_sum", **until) == pytest.approx(100.012)
    assert 1 == page.value("goeswith_stage_seconds_bucket", stage="fold", le="5e-05")
    assert 0 == page.value("goeswith_stage_seconds_bucket", stage="fold", le="3e-05")
    assert 0 == page.value("goeswith_stage_seconds_count", stage="deliver")


def test_all_that_telemetry_counts_is_told() -> None:
    """Each field changes at least one sample, also one that has no name here yet."""
    page = Page()
    untold = []
    for field in fields(Telemetry):
        before = page.samples()
        value = getattr(page.telemetry, field.name)
        if isinstance(value, Counter):
            value["oversize"] += 1
        elif isinstance(value, Histogram):
            value.observe([0], now_ms=1)
        else:
            setattr(page.telemetry, field.name, value + 1)
        untold += [field.name] if page.samples() == before else []

    assert [] == untold


def test_all_that_telemetry_counts_has_its_type_and_says_what_it_is() -> None:
    """The way out for what is new is none for what we know."""
    text, _ = Page().text()

    assert " untyped" not in text
    assert "See /state." not in text


def test_each_kind_of_finding_is_one_of_all() -> None:
    """Those that the judge's table has."""
    assert re.findall(r"^\| `(\w+)` \|", judge.__doc__ or "", re.MULTILINE) == [*KINDS]


def test_a_field_without_a_name_of_its_own_is_told_under_the_one_that_it_has() -> None:
    """One that is new is seen before anybody has thought of a better name."""
    page = Page()
    page.telemetry.novelties = 3  # type: ignore[attr-defined]

    assert 3 == page.value("goeswith_novelties")


def test_both_formats_are_read_by_their_parsers() -> None:
    """Prometheus asks for OpenMetrics; `curl` gets the plain text."""
    page = Page()
    text, content_type = page.text()
    more, open_type = page.text("application/openmetrics-text; version=1.0.0")

    assert content_type.startswith("text/plain")
    assert open_type.startswith("application/openmetrics-text")
    assert {family.name for family in open_metrics(more)} == {  # type: ignore[no-untyped-call]
        family.name.removesuffix("_total") for family in plain_text(text)
    }
    assert more.endswith("# EOF\n")


def test_the_worker_says_who_it_is_what_it_holds_and_how_late_its_loop_is() -> None:
    """A process' own series, with the names that every client has."""
    till = Till()
    till.serve(Story().view("bread"))
    page = Page(till)
    samples = page.samples()
    names = {name for name, _ in samples}
    (info,) = [dict(labels) for name, labels in samples if name == "goeswith_worker_info"]

    assert ("ann", "workers") == (info["worker"], info["consumergroup"])
    assert 1 == page.value("goeswith_table_entries", table="sessions")
    assert Settings().sessions_max == page.value("goeswith_table_entries_limit", table="sessions")
    assert (0.5, 2) == (
        page.value("goeswith_event_loop_late_seconds"),
        page.value("goeswith_assigned_partitions"),
    )
    assert (0, 1) == (page.value("goeswith_views_failing"), page.value("goeswith_worker_answering"))
    page.views.failing = True
    assert 1 == page.value("goeswith_views_failing")
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total"} <= names


def test_two_workers_of_one_process_have_registries_of_their_own() -> None:
    """Nothing is registered for the whole process: the second page is no error."""
    first, second = Page(), Page()
    first.telemetry.rounds = 3

    assert 3 == first.value("goeswith_rounds_total")
    assert 0 == second.value("goeswith_rounds_total")


def test_what_came_too_late_to_be_told_from_a_repeat_is_counted() -> None:
    """Once for each such event."""
    till, story = Till(), Story()
    late = story.add("bread")
    for _ in range(130):
        till.serve(story.view("tea"))
    till.serve(late)

    assert 1 == Page(till).value("goeswith_events_too_late_total")
