"""Files that a command writes anew: all of it or nothing, and never over another one."""

from pathlib import Path

import pytest

from streams.clients.files import written_anew
from streams.contract.errors import Misconfigured


def test_a_file_is_there_once_all_of_it_is_written(tmp_path: Path) -> None:
    """And nothing is beside it any more."""
    path = tmp_path / "kept.jsonl"
    with written_anew(path) as file:
        file.write(b"one\n")

        assert not path.exists()

    assert b"one\n" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, Misconfigured])
def test_of_what_was_interrupted_nothing_is_left(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    """Half a log looks like a whole one."""

    def interrupted() -> None:
        with written_anew(tmp_path / "kept.jsonl") as file:
            file.write(b"one\n")
            raise interruption

    with pytest.raises(interruption):
        interrupted()

    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_there_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Also where it is a link that leads nowhere: it is somebody's."""
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(b"somebody's")
    link.symlink_to(tmp_path / "nowhere")
    for path in (there, link):
        with pytest.raises(Misconfigured, match="is there already"), written_anew(path):
            pytest.fail("it was to be written")

    assert b"somebody's" == there.read_bytes()
    assert {there, link} == {*tmp_path.iterdir()}


def test_a_file_that_came_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    """The same command may run twice."""
    path = tmp_path / "kept.jsonl"

    def overtaken() -> None:
        with written_anew(path) as file:
            file.write(b"ours\n")
            path.write_bytes(b"theirs\n")

    with pytest.raises(Misconfigured, match="is there already"):
        overtaken()

    assert b"theirs\n" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["no/such/folder.toml", "a file/in it", "long" * 100])
def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path, name: str) -> None:
    """With the name, and why."""
    (tmp_path / "a file").write_bytes(b"")
    with pytest.raises(Misconfigured, match="cannot be written: "), written_anew(tmp_path / name):
        pytest.fail("it was to be written")


def test_a_place_without_a_name_is_one_that_is_there() -> None:
    """As `--example=` gives it: the folder itself."""
    with pytest.raises(Misconfigured, match="is there already"), written_anew(Path()):
        pass
