"""The worker's HTTP pages, on the loopback: state, liveness and readiness, as JSON.

```
/state      version, memory, tables, position, lag, partitions, telemetry, what must agree, what is
            wrong with the topics, how much is withheld, what was adopted from a checkpoint of other
            settings; with ?digest a hash of the fold, too
/healthz    200 as long as the process lives and its event loop turns: restart it if not
/readyz     200 when it is caught up, in its group and gets on; else 503 and the reasons; and notes
```
"""

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from streams.contract.settings import Settings
from streams.shop.memory.receipt_rules import OTHER_KEYS
from streams.shop.shared_settings import Told
from streams.shop.shop import Shop
from streams.shop.state import digest
from streams.worker.health.digests_in_child import SharedHashes
from streams.worker.health.resources import advice, installed_version, memory, sizes_json
from streams.worker.health.watchdog import Watchdog
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry

Handler = Callable[[Any, Any], Awaitable[Any]]
"""Faust's `web` and the request in, the response out."""

KEYS_NAMED_MAX = 3
"""Of unknown keys, in a note."""


class ViewHealth(Protocol):
    """Views, as far as a page tells of them."""

    @property
    def failing(self) -> bool:
        """Whether they are not shown at present."""


class PageSource(Protocol):
    """What the pages tell of: the `App`."""

    assigned: frozenset[int] | None
    replica: Replica
    telemetry: Telemetry

    @property
    def page(self) -> Callable[[str], Callable[[Handler], Any]]:
        """Puts a page under a path."""


class TopicHealth(Protocol):
    """What was found wrong with the topics, as far as a page tells of it."""

    @property
    def errors(self) -> list[str]:
        """Why the worker is not ready, a sentence each."""

    @property
    def warnings(self) -> list[str]:
        """What an operator should know besides."""

    def as_json(self) -> list[dict[str, str]]:
        """All of it."""


def show_state(
    app: PageSource,
    settings: Settings,
    told: Callable[[], Told] = dict,
    topics: TopicHealth | None = None,
    ends: Callable[[], Mapping[int, int]] = dict,
    reference: Callable[[], Mapping[str, int]] = dict,
) -> None:
    """What this worker knows and has done; `ends`: where the log ended a second ago, if known."""
    hashes = SharedHashes()

    @app.page("/state")
    async def state(web: Any, request: Any) -> Any:
        """Position, lag, telemetry, what must agree; with `?digest` hashes of the fold, too."""
        shop = app.replica.shop
        digests: dict[str, str] | None = None
        position = {str(p): o for p, o in sorted(shop.position.items())}
        lag = {str(p): max(0, n - shop.position.get(p, 0)) for p, n in sorted(ends().items())}
        unknown = dict(Counter(shop.unknown_keys).most_common())
        counted = app.telemetry.snapshot() | {"receipt_unknown_key": unknown}
        if "digest" in request.query:
            position, digests = await hashes.of(shop)
        return web.json(
            {
                "worker": settings.worker_name,
                "version": installed_version(),
                "memory": (held := memory()),
                "tables": sizes_json(tables := shop.tables() if isinstance(shop, Shop) else {}),
                "advice": advice(tables, held),
                "position": position,
                "lag_events": lag,
                "assigned": sorted(app.assigned or ()),
                "telemetry": counted,
                **_carried_over(shop),
                "reference": dict(reference()),
                "agreement": dict(told()),
                "topics": [] if topics is None else topics.as_json(),
                "digest": None if digests is None else digest(digests),
                "digests": digests,
            }
        )


def _carried_over(shop: object) -> dict[str, Any]:
    """What was learned under other settings, and how many events are known of other logs."""
    if not isinstance(shop, Shop):
        return {"adopted": {}, "carried": 0}
    return {"adopted": dict(shop.adopted), "carried": max(0, -shop.skipped)}


def unread(unknown_keys: Mapping[str, int]) -> list[str]:
    """What a worker says that has met receipts which it has no secret for.

    The most frequent keys: that of a secret which is missing comes again and again, those that
    somebody makes up are many.

    >>> unread({"0a1b2c3d": 12})
    ['receipts folded unread, made up or for lack of a secret: 12 of key 0a1b2c3d']
    >>> unread({})
    []
    """
    named = Counter({key: n for key, n in unknown_keys.items() if key != OTHER_KEYS})
    most = named.most_common()
    said = [f"{receipts:,} of key {key}" for key, receipts in most[:KEYS_NAMED_MAX]]
    left = sum(receipts for _, receipts in most[KEYS_NAMED_MAX:])
    if left := left + unknown_keys.get(OTHER_KEYS, 0):
        said.append(f"{left:,} of further ones")
    told = ", ".join(said)
    return [f"receipts folded unread, made up or for lack of a secret: {told}"] if said else []


def show_health(
    app: PageSource,
    watchdog: Watchdog,
    views: ViewHealth | None,
    held_back: Callable[[], Mapping[int, int]],
    noted: Mapping[str, str],
    topics: TopicHealth | None = None,
    reference: Callable[[], Sequence[str]] = tuple,
) -> None:
    """How this worker is, for whoever supervises it; what is `noted` is no reason to end it."""

    @app.page("/healthz")
    async def healthz(web: Any, _request: Any) -> Any:
        """200 as long as the process lives and its event loop turns."""
        late_s = round(watchdog.loop_late_s, 3)
        return web.json({"alive": True, "pid": os.getpid(), "loop_late_s": late_s})

    @app.page("/readyz")
    async def readyz(web: Any, _request: Any) -> Any:
        """200 when the worker is caught up, in its group and not stuck; else 503, and why."""
        wrong = topics.errors if topics is not None else []
        reasons = [*wrong, *watchdog.health.reasons]
        ready = watchdog.health.ready and not wrong
        notes = ["Redis does not take the views"] if views is not None and views.failing else []
        notes += [
            f"partition {number}: {offsets} offsets wait for a transaction to end"
            for number, offsets in sorted(held_back().items())
        ]
        notes += noted.values()
        notes += topics.warnings if topics is not None else ()
        notes += reference()
        notes += unread(app.replica.shop.unknown_keys)
        said = {"ready": ready, "reasons": reasons, "notes": notes}
        return web.json(said, status=200 if ready else 503)
