"""The page `/metrics`: what a worker knows of itself, in the format of Prometheus or OpenMetrics.

Nothing is asked of the broker for it: where the log ends is what the watchdog was told within the
last second. While the broker is away, its offsets are not known and their series are gone, but the
page answers, and says that the worker is not ready.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from streams.contract.settings import Settings
from streams.shop.shop import Shop
from streams.worker.health.metrics.families import (
    Offsets,
    clipped_family,
    offset_families,
    table_families,
    telemetry_families,
)
from streams.worker.health.pages.pages import PageSource, ViewHealth
from streams.worker.health.resources import installed_version, memory
from streams.worker.health.watchdog import Health


class Watched(Protocol):
    """The watchdog, as far as the page tells of it."""

    health: Health
    loop_late_s: float
    ends: Mapping[int, int]


class WorkerMetrics(Collector):
    """All families of one worker, made anew for each scrape."""

    def __init__(
        self,
        app: PageSource,
        settings: Settings,
        watchdog: Watched,
        views: ViewHealth | None,
        answered: Mapping[int, int],
    ) -> None:
        self._app, self._settings = app, settings
        self._watchdog, self._views = watchdog, views
        self._answered = answered

    def collect(self) -> Iterator[Metric]:
        """What there is now."""
        shop = self._app.replica.shop
        yield from self._of_the_worker()
        yield from telemetry_families(self._app.telemetry)
        yield CounterMetricFamily(
            "goeswith_receipts_unknown_key",
            "Receipts folded unread, made up or for lack of a secret; /state has the keys.",
            value=sum(shop.unknown_keys.values()),
        )
        yield CounterMetricFamily(
            "goeswith_events_too_late",
            "Events taken for repeats: their session had forgotten whether it had read them.",
            value=shop.too_late if isinstance(shop, Shop) else 0,
        )
        yield clipped_family(shop.attribution.rewards.clipped if isinstance(shop, Shop) else {})
        yield from offset_families(self._offsets())
        yield from table_families(shop.tables() if isinstance(shop, Shop) else {})

    def _of_the_worker(self) -> Iterator[Metric]:
        settings, watchdog = self._settings, self._watchdog
        info = GaugeMetricFamily(
            "goeswith_worker_info", "Always 1.", labels=["worker", "consumergroup", "version"]
        )
        info.add_metric([settings.worker_name, settings.group_id, installed_version()], 1)
        yield info
        numbers = {
            "goeswith_worker_ready": (
                "1 when it is caught up, in its group and getting on; else see /readyz.",
                watchdog.health.ready,
            ),
            "goeswith_worker_answering": (
                "1 where it answers for partitions; 0: a standby, which only folds.",
                settings.answering,
            ),
            "goeswith_assigned_partitions": (
                "Partitions that it answers for.",
                len(self._app.assigned or ()),
            ),
            "goeswith_event_loop_late_seconds": (
                "How late the event loop came back from its latest pause.",
                watchdog.loop_late_s,
            ),
            "goeswith_memory_limit_bytes": (
                "What its container may take; NaN: there is no limit.",
                memory()["limit_bytes"],
            ),
        }
        if self._views is not None:
            numbers["goeswith_views_failing"] = (
                "1 while Redis does not take the views.",
                self._views.failing,
            )
        for name, (said, number) in numbers.items():
            yield GaugeMetricFamily(name, said, value=float("nan" if number is None else number))

    def _offsets(self) -> Offsets:
        ours = self._app.assigned or ()
        return Offsets(
            self._settings.group_id,
            self._settings.topics.events,
            self._watchdog.ends,
            self._app.replica.shop.position,
            {number: self._answered[number] for number in ours if number in self._answered},
        )


def show_metrics(
    app: PageSource,
    settings: Settings,
    watchdog: Watched,
    views: ViewHealth | None,
    answered: Mapping[int, int],
) -> Callable[[], Iterator[Metric]]:
    """The page, from a registry of its own; returns what it collects."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    ours = WorkerMetrics(app, settings, watchdog, views, answered)
    registry.register(ours)

    @app.page("/metrics")
    async def metrics(web: Any, request: Any) -> Any:
        """All metrics, in the format that is asked for."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.bytes(encode(registry), headers={"Content-Type": content_type})

    return ours.collect
