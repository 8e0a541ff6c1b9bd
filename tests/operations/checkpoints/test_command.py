"""The commands for checkpoints that need no Kafka: what is there, what is kept, what goes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli.root import goeswith
from streams.clients.checkpoints.file_store import FileStore
from streams.contract.settings import Settings
from streams.shop.checkpoint import CheckpointHeader, packed, read
from streams.shop.shop import Shop
from tests.stories import OPEN

KEYED = {"GOESWITH_CHECKPOINT_KEY": "not a secret"}


def checkpoint(upto: int, **settings: Any) -> tuple[CheckpointHeader, bytes]:
    """The checkpoint of a shop that has folded the log up to an offset."""
    shop = Shop(Settings(**{**OPEN, **settings}))
    for offset in range(upto):
        shop.learn(0, offset, None)
    return packed(shop, cluster="here", now_ms=0, made_by="worker-1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where workers look."""
    return tmp_path / "shop.checkpoint"


def run(place: Path, *words: str, **more: str) -> Result:
    """A command under these settings."""
    given = {"GOESWITH_CHECKPOINT_URL": place.as_uri(), **more}
    return CliRunner().invoke(goeswith, ["checkpoint", *words], env=given)


def test_what_is_kept_aside_is_listed_and_can_be_put_back(place: Path) -> None:
    """By its name; the one that it replaces is kept aside in turn."""
    store, months, week = FileStore(place), checkpoint(90), checkpoint(7, items_max=1_000)
    store.write(*months)
    store.write(*week)
    (kept,) = store.kept()
    listed = json.loads(run(place, "inspect", "--json").stdout)
    told = run(place, "inspect")
    loaded = run(place, "load", f"store:{kept.name}")

    assert [{"name": kept.name, "events": 90}] == listed["kept"]
    assert 7 == listed["events"]
    assert f"kept aside: {kept.name}, 90 events" in told.stdout
    assert (0, months[1]) == (loaded.exit_code, place.read_bytes())
    assert [week[1]] == [store.read(one.name) for one in store.kept()]


def test_what_is_kept_is_told_where_nothing_else_can_be_read(place: Path) -> None:
    """The one in the place is damaged, or there is none."""
    store = FileStore(place)
    store.write(*checkpoint(90))
    store.write(*checkpoint(7, items_max=1_000))
    (kept,) = store.kept()
    place.write_bytes(place.read_bytes()[:-1])
    damaged = run(place, "inspect")
    place.unlink()
    gone = run(place, "inspect")

    for told, why in ((damaged, "damaged"), (gone, "there is no checkpoint")):
        assert 1 == told.exit_code
        assert why in told.stderr
        assert f"kept aside: {kept.name}" in told.stderr


def test_one_that_does_not_say_how_much_it_knows_is_not_said_to_know_nothing(place: Path) -> None:
    """It is of another version."""
    place.write_bytes(checkpoint(90)[1].replace(b'"version":1', b'"version":3'))
    FileStore(place).write(*checkpoint(7))
    told, listed = run(place, "inspect"), json.loads(run(place, "inspect", "--json").stdout)

    assert [None] == [one["events"] for one in listed["kept"]]
    assert "an unknown number of events" in told.stdout


@pytest.mark.parametrize("name", ["a/b", "../settings-1f0c3a5e7b92", "a\0b", "a\nb", "x" * 300, ""])
@pytest.mark.parametrize("command", ["inspect", "load", "compare"])
def test_a_name_that_nothing_is_kept_under_is_refused_in_one_line(
    place: Path, command: str, name: str
) -> None:
    """It is never made part of a path."""
    FileStore(place).write(*checkpoint(7))
    refused = run(place, command, f"store:{name}")

    assert 2 == refused.exit_code
    assert isinstance(refused.exception, SystemExit)
    assert "names no checkpoint that was kept aside" in refused.stderr
    assert 1 == len(refused.stderr.splitlines())


def test_the_root_of_the_file_system_is_no_checkpoint() -> None:
    """Nor is anything kept beside it."""
    refused = run(Path("/"), "inspect")

    assert 1 == refused.exit_code
    assert "is no file of bytes" in refused.stderr


def test_to_go_back_in_time_is_allowed(place: Path, tmp_path: Path) -> None:
    """The further one is kept aside."""
    store, older = FileStore(place), tmp_path / "older"
    older.write_bytes(checkpoint(7)[1])
    store.write(*checkpoint(90))

    assert 0 == run(place, "load", str(older)).exit_code
    assert older.read_bytes() == place.read_bytes()
    assert [90] == [one.events for one in store.kept()]


def test_what_is_not_ours_is_replaced_by_force_alone(place: Path, tmp_path: Path) -> None:
    """A file that somebody named by mistake."""
    mine, theirs = tmp_path / "mine", b"bread, butter, jam"
    mine.write_bytes(checkpoint(7)[1])
    place.write_bytes(theirs)
    refused = run(place, "load", str(mine))

    assert 1 == refused.exit_code
    assert "not ours, and stays" in refused.stderr
    assert theirs == place.read_bytes()
    assert 0 == run(place, "load", str(mine), "--force").exit_code
    assert mine.read_bytes() == place.read_bytes()


def test_a_sealed_one_is_inspected_without_its_key_and_not_used(place: Path) -> None:
    """What it says of itself is for everybody; whether workers can use it is said."""
    FileStore(place).write(*checkpoint(7, checkpoint_key="not a secret"))
    without, within = run(place, "inspect"), run(place, "inspect", **KEYED)
    key_id = json.loads(run(place, "inspect", "--json").stdout)["keys"][0]

    for told in (without, within):
        assert f"sealed with the key {key_id}" in told.stdout
    assert "not to be used here as it is: it is sealed with the key" in without.stdout
    assert "not to be used" not in within.stdout
    assert 0 == run(place, "compare", "store", str(place)).exit_code


def test_what_is_loaded_is_sealed_with_the_key_of_today(place: Path, tmp_path: Path) -> None:
    """An old backup in the clear is none in the store; a copy out of it stays sealed."""
    backup, copy = tmp_path / "backup", tmp_path / "copy"
    backup.write_bytes(checkpoint(7)[1])
    loaded = run(place, "load", str(backup), "--json", **KEYED)
    copied = run(place, "load", "store", str(copy))

    assert (0, 0) == (loaded.exit_code, copied.exit_code)
    assert json.loads(loaded.stdout)["keys"] == list(read(place.read_bytes()).header.keys) != []
    assert place.read_bytes() == copy.read_bytes()
    assert "workers of these settings do not use it: it is sealed" in copied.stdout


def test_sides_that_differ_by_a_log_before_are_told_to_be_of_two_logs(place: Path) -> None:
    """One was taken over to this log, the other one is a fold of it."""
    shop = Shop(Settings(**OPEN))
    for offset in range(9):
        shop.learn(0, offset, None)
    fold = packed(shop, cluster="here", now_ms=0, made_by="ann")[1]
    shop.skipped, shop.learned.baskets.approximate = -40, True
    place.write_bytes(packed(shop, cluster="here", now_ms=0, made_by="ann")[1])
    (other := place.with_name("fold")).write_bytes(fold)
    told = run(place, "compare", "store", str(other))
    alike = run(place, "compare", "store", "store")

    assert (1, 2) == (told.exit_code, len(told.stdout.splitlines()))
    assert "not comparable: 40 events of logs" in told.stdout
    assert (0, False) == (alike.exit_code, "not comparable" in alike.stdout)


def test_what_was_kept_aside_is_deleted_when_somebody_says_so(place: Path) -> None:
    """By its name alone, or as other commands name it; who does not say yes has deleted nothing."""
    store = FileStore(place)
    store.write(*checkpoint(90))
    store.write(*checkpoint(7, items_max=1_000))
    (kept,) = store.kept()
    living = place.read_bytes()
    asked = run(place, "delete", kept.name)
    left = store.kept()
    deleted = run(place, "delete", f"store:{kept.name}", "--yes")

    assert (1, [kept]) == (asked.exit_code, left)
    assert "for good?" in asked.stderr
    assert (0, []) == (deleted.exit_code, store.kept())
    assert f"deleted: the checkpoint in {store.place(kept.name)}\n" == deleted.stdout
    assert (living, False) == (place.read_bytes(), store.delete(kept.name))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("store", "workers start from it"),
        ("generation-2", "replaced by newer ones"),
        ("store:generation-1", "workers start from it"),
        ("../shop.checkpoint", "it is no name"),
        ("", "it is no name"),
        ("settings-1f0c3a5e7b92", "there is no checkpoint in"),
    ],
)
def test_nothing_else_is_deleted(place: Path, name: str, why: str) -> None:
    """Not the one that workers start from, whatever is typed."""
    FileStore(place).write(*checkpoint(7))
    refused = run(place, "delete", name, "--yes")

    assert refused.exit_code
    assert why in refused.stderr
    assert place.exists()
