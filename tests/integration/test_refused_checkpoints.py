"""What a worker cannot use as it is, it keeps: it is used again when a setting is put back."""

import logging
from pathlib import Path
from typing import Any

import pytest

from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.redis_store import RedisStore
from streams.clients.checkpoints.store import Store
from streams.contract.settings import Settings
from streams.shop.checkpoint import LogExtent, packed
from streams.shop.shop import Shop
from streams.worker.checkpointing.restoring import CheckpointFindings, last_shop
from streams.worker.telemetry import Telemetry
from tests.shop.test_checkpoint import claiming
from tests.stories import NOON_MS, OPEN, Story

CLUSTER = "cluster-1"
LOG = LogExtent(CLUSTER, begins={0: 0}, ends={0: 1_000}, younger={})
CHANGED: list[dict[str, Any]] = [
    {"best_fit": True},
    {"arm_mode": "identify"},
    {"arm_policy": "factors"},
    {"items_max": 1_000},
    {"session_gap_s": 60.0},
    {"event_bytes_max": 4_096},
    {"purchase_window_s": 3_600.0},
    {"sessions_max": 100},
    {"partitions": 4},
    {"partitions": 16},
]
"""Settings that give figures another meaning, one by one."""


@pytest.fixture(params=["redis", "file"])
def store(request: pytest.FixtureRequest, topic_prefix: str, tmp_path: Path) -> Store:
    """Each kind of store, empty."""
    if request.param == "file":
        return FileStore(tmp_path / "shop.checkpoint")
    return RedisStore(request.getfixturevalue("redis_url"), topic_prefix, ttl_s=60)


class Worker:
    """One that starts from the store, folds what is in the log by then, and writes."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.settings = Settings(**{**OPEN, **settings})
        self.store = store
        self.telemetry = Telemetry()
        self.found = CheckpointFindings()
        self.restored: Shop | None = None

    async def start(self, log: LogExtent = LOG) -> "Worker":
        """Look for a checkpoint."""

        async def seen(_since_ms: int) -> LogExtent:
            return log

        self.restored = await last_shop(self.settings, self.store, self.telemetry, self.found, seen)
        return self

    def write(self, upto: int, since: int = 0) -> str:
        """Fold the log up to an offset (of which the beginning may be gone), and keep that."""
        shop = self.restored or Shop(self.settings)
        if self.restored is None:
            shop.start(0, since)
        story = Story("ann")
        for offset in range(shop.position.get(0, 0), upto):
            assert "folded" == shop.learn(0, offset, story.add("bread", event_id=f"{offset}"))
        header, data = packed(shop, cluster=CLUSTER, now_ms=NOON_MS, made_by="ann")
        self.store.write(header, data, refused=self.found.refused)
        return shop.digest()


def positions(worker: Worker) -> dict[int, int]:
    """Where the shop stands that a worker began with."""
    return {} if worker.restored is None else worker.restored.position


@pytest.mark.parametrize(
    "changed", CHANGED, ids=lambda changed: "-".join(map(str, *changed.items()))
)
async def test_a_setting_that_is_changed_and_put_back_costs_nothing(
    store: Store, changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Ten restarts under the other setting keep one copy; then the worker goes on from it."""
    digest = (await Worker(store).start()).write(upto=90)
    for tries in range(10):
        other = await Worker(store, **changed).start()
        if changed != {"partitions": 4}:
            assert {0: 89 + max(1, tries)} == positions(other)
        else:
            assert {0: 89 + tries} == positions(other) if tries else other.restored is None
        other.write(upto=90 + tries, since=85)
    (kept,) = store.kept()
    with caplog.at_level(logging.WARNING):
        back = await Worker(store).start()

    assert kept.name.startswith("settings-")
    assert {0: 90} == positions(back)
    assert back.restored is not None
    assert digest == back.restored.digest()
    assert store.place(kept.name) in caplog.text


async def test_an_adopted_checkpoint_is_named_with_the_place_where_it_goes(store: Store) -> None:
    """For the log and the page, with what was changed; and counted."""
    (await Worker(store).start()).write(upto=90)
    other = await Worker(store, items_max=1_000).start()
    other.write(upto=90, since=85)
    (kept,) = store.kept()

    assert 1 == other.telemetry.checkpoints_adopted
    assert store.place(kept.name) in other.found.notes["found"]
    assert "items_max was 200000, is 1000" in other.found.notes["found"]


async def test_workers_of_two_settings_that_start_at_once_lose_nothing(store: Store) -> None:
    """While settings are changed one by one, now the one writes and now the other."""
    (await Worker(store).start()).write(upto=90)
    new, other_new = [await Worker(store, items_max=1_000).start() for _ in range(2)]
    old = await Worker(store).start()
    for upto, worker in enumerate((new, old, other_new, new, old), start=90):
        worker.write(upto)

    assert {0: 94} == positions(await Worker(store).start())
    assert {0: 93} == positions(await Worker(store, items_max=1_000).start())


async def test_a_topic_that_was_made_anew_does_not_cost_what_was_known(store: Store) -> None:
    """The new log is folded; what was known of the old one is aside."""
    (await Worker(store).start()).write(upto=90)
    anew = await Worker(store).start(LOG._replace(ends={0: 10}))
    anew.write(upto=10)
    again = await Worker(store).start(LOG._replace(ends={0: 10}))

    assert anew.restored is None
    assert ["log"] == [kept.name.partition("-")[0] for kept in store.kept()]
    assert {0: 10} == positions(again)
    assert {} == again.found.notes


async def test_what_the_log_no_longer_holds_is_not_replaced_by_what_it_does(store: Store) -> None:
    """A worker that could not read the checkpoint when it started knows a week, not months."""
    (await Worker(store).start()).write(upto=90)
    blind = Worker(store)
    with pytest.raises(Exception, match="knows 90 events, this one 15"):
        blind.write(upto=95, since=80)

    assert {0: 90} == positions(await Worker(store).start())


async def test_what_cannot_be_read_is_said(topic_prefix: str) -> None:
    """Redis is away: the log is folded."""
    worker = await Worker(RedisStore("redis://127.0.0.1:1/0", topic_prefix, ttl_s=60)).start()

    assert worker.restored is None
    assert "could not be read: Redis does not answer" in worker.found.notes["found"]


async def test_what_is_not_ours_is_said_to_stay(tmp_path: Path) -> None:
    """It is no checkpoint at all."""
    path = tmp_path / "passwd"
    path.write_text("ann:x:0:0::/bin/sh\n")
    worker = await Worker(FileStore(path)).start()

    assert "It is not ours: it stays" in worker.found.notes["found"]
    assert {} == worker.found.refused


async def test_that_there_is_none_where_one_is_to_be_expected_is_said(store: Store) -> None:
    """Retention has taken what only a checkpoint would know: for the log, the page, and a count."""
    worker = await Worker(store).start(LOG._replace(begins={0: 500, 1: 41}))

    assert worker.restored is None
    assert 1 == worker.telemetry.checkpoints_missing
    assert worker.found.notes["missing"].startswith(
        f"there is no checkpoint to start from in {store.where}, and 541 events are gone"
    )


async def test_the_first_worker_of_a_shop_misses_none(store: Store) -> None:
    """The log has everything. And who has a checkpoint misses none, whatever the log has lost."""
    first = await Worker(store).start()
    first.write(upto=90)
    second = await Worker(store).start(LOG._replace(begins={0: 90}))

    assert [] == [*first.found.notes, *second.found.notes]
    assert 0 == first.telemetry.checkpoints_missing == second.telemetry.checkpoints_missing


async def test_one_that_was_put_aside_is_taken_whole_only_where_the_log_still_reaches_it(
    store: Store,
) -> None:
    """Else the one in its place, part by part, is better: it has seen what is gone since."""
    (await Worker(store).start()).write(upto=90)
    (await Worker(store, arm_mode="identify").start()).write(upto=99)
    near = await Worker(store).start(LOG._replace(begins={0: 90}))
    far = await Worker(store).start(LOG._replace(begins={0: 91}))

    assert ({0: 90}, {0: 99}) == (positions(near), positions(far))
    assert "is adopted part by part" in far.found.notes["found"]


async def test_where_the_parts_are_at_odds_those_that_were_put_aside_are_tried(
    tmp_path: Path,
) -> None:
    """Its seal is whole, its header is not what its parts say."""
    store = FileStore(tmp_path / "shop.checkpoint")
    (await Worker(store).start()).write(upto=90)
    (await Worker(store, items_max=1_000).start()).write(upto=95)
    (tmp_path / "shop.checkpoint").write_bytes(claiming(position={"0": 33}))
    worker = await Worker(store).start()

    assert {0: 90} == positions(worker)
    assert "damaged: its header stands at" in worker.found.notes["found"]


async def test_a_worker_that_adopted_goes_on_from_what_it_wrote(store: Store) -> None:
    """As it is: the next start has nothing to say, and the one of before is kept aside."""
    (await Worker(store).start()).write(upto=90)
    digest = (await Worker(store, items_max=1_000).start()).write(upto=95)
    again = await Worker(store, items_max=1_000).start()

    assert again.restored is not None
    assert digest == again.restored.digest()
    assert ({0: 95}, {}) == (positions(again), again.found.notes)
    assert ["settings"] == [kept.name.partition("-")[0] for kept in store.kept()]
