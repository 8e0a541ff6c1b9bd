"""Units that are kept in a file: bounds hold from the start, though the topic forgets."""

import json
from pathlib import Path

import pytest

from streams.clients.log_reader import Partition
from streams.contract.errors import GoeswithError
from streams.experiments.uplift.kept_units import VERSION, KeptUnits, read, starts, write
from tests.experiments.uplift.records import assigned, folded, ordered

HERE = [Partition("outcomes", 0), Partition("outcomes", 1)]


def offsets(*numbers: int) -> dict[Partition, int]:
    """One for each partition."""
    return dict(zip(HERE, numbers, strict=True))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """With where to read on."""
    path = tmp_path / "units"
    kept = KeptUnits(folded([assigned(1), assigned(2)]), {0: 7, 1: 9}, 1_000)
    write(path, "outcomes", kept)
    write(path, "outcomes", kept)
    again = read(path, "outcomes")

    assert again is not None
    assert ({0: 7, 1: 9}, 1_000) == (again.next, again.begins_ms)
    assert kept.units.experiments() == again.units.experiments()
    assert ["units"] == [file.name for file in tmp_path.iterdir()]


def test_nothing_was_kept_at_first(tmp_path: Path) -> None:
    """The file is made by the first look."""
    assert read(tmp_path / "units", "outcomes") is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": 2, "topic": "outcomes"}'])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """It is not ours to write over."""
    path = tmp_path / "units"
    path.write_bytes(content)

    with pytest.raises(GoeswithError, match="holds no units of outcomes"):
        read(path, "outcomes")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """There is no such folder."""
    with pytest.raises(GoeswithError, match="cannot be written"):
        write(tmp_path / "nowhere" / "units", "outcomes", KeptUnits(folded([]), {}, None))


def test_what_is_no_file_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A folder by mistake; a file where a folder of the path should be."""
    plain = tmp_path / "plain"
    plain.write_bytes(b"")

    with pytest.raises(GoeswithError, match="it is no file"):
        read(tmp_path, "outcomes")
    with pytest.raises(GoeswithError, match="cannot be read: Not a directory"):
        read(plain / "units", "outcomes")


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_units_of_a_version_that_there_was_never_are_refused(tmp_path: Path, version: int) -> None:
    """Older ones are read; a newer one may say things that we would lose."""
    path = tmp_path / "units"
    write(path, "outcomes", KeptUnits(folded([assigned(1)]), {0: 7}, None))
    said = json.loads(path.read_bytes())
    path.write_text(json.dumps(said | {"version": 1}))
    assert read(path, "outcomes")
    path.write_text(json.dumps(said | {"version": version}))

    with pytest.raises(GoeswithError, match=f"it is of version {version} and of outcomes"):
        read(path, "outcomes")


def test_of_a_file_that_is_not_ours_the_first_fault_is_said_and_nothing_that_it_holds(
    tmp_path: Path,
) -> None:
    """Somebody's secrets, perhaps."""
    path = tmp_path / "units"
    path.write_text(json.dumps({"version": "a secret", "topic": 7, "begins_ms": "another"}))

    with pytest.raises(GoeswithError, match=r"of outcomes: version ") as refused:
        read(path, "outcomes")
    assert "secret" not in str(refused.value)


def test_units_of_another_topic_are_refused(tmp_path: Path) -> None:
    """Of another installation."""
    path = tmp_path / "units"
    write(path, "outcomes", KeptUnits(folded([]), {}, None))

    with pytest.raises(GoeswithError, match="holds no units of others"):
        read(path, "others")


def test_a_log_is_read_from_its_beginning_or_from_what_was_kept() -> None:
    """Whichever is later: what was forgotten in between cannot be read."""
    kept = KeptUnits(folded([]), {0: 5, 1: 6})

    assert offsets(3, 0) == starts(None, offsets(3, 0), offsets(9, 9))
    assert offsets(5, 6) == starts(kept, offsets(4, 6), offsets(5, 6))
    assert offsets(5, 7) == starts(kept, offsets(4, 7), offsets(9, 9))


def test_a_partition_of_which_nothing_was_kept_is_read_from_its_beginning() -> None:
    """It has come since; or nothing had been on it."""
    kept = KeptUnits(folded([]), {0: 5})

    assert offsets(5, 0) == starts(kept, offsets(0, 0), offsets(9, 0))
    assert offsets(5, 1) == starts(kept, offsets(0, 1), offsets(9, 1))


def test_another_log_is_refused() -> None:
    """It ends before what was kept: the topic was made anew."""
    with pytest.raises(GoeswithError, match="another log"):
        starts(KeptUnits(folded([]), {0: 5, 1: 6}), offsets(0, 0), offsets(4, 9))


def test_what_many_share_is_kept_once_after_it_was_read_again(tmp_path: Path) -> None:
    """Contexts, experiments and currencies of half a million sessions are a few texts."""
    path = tmp_path / "units"
    units = [assigned(number, context="basket/club") for number in range(3)]
    write(path, "outcomes", KeptUnits(folded([*units, *map(ordered, units)]), {}, None))
    again = read(path, "outcomes")

    assert again is not None
    sides = [side for of in again.units._sides.values() for side in of.values()]
    orders = again.units._orders.values()
    assert 3 == len(sides) == len(orders)
    assert 1 == len({id(side.context) for side in sides})
    assert 1 == len({id(order.experiment) for order in orders})
    assert 1 == len({id(order.currency) for order in orders})
