"""Files of sessions: what is read from them, and what is said when they cannot be read."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from streams.contract.errors import FileUnusable
from streams.lab.evaluate.logs.files import Files
from streams.lab.evaluate.logs.lines import LINE_BYTES_MAX
from streams.lab.evaluate.logs.sessions import LoggedSession

HEADER = "SessionId\tItemId\tTime\n"
VIEW = (
    '{"type": "item_viewed", "event_id": "e%d", "session_id": "%s", "shopper_id": "ada",'
    ' "occurred_at_ms": 17672256%02d000, "item_id": "%s"}\n'
)
ORDER = (
    '{"type": "order_placed", "event_id": "o", "session_id": "s1", "order_id": "o1",'
    ' "occurred_at_ms": 1767225699000, "lines": [{"item_id": "bread"}]}\n'
)


def read(tmp_path: Path, kind: str, text: str, seed: int = 0) -> list[LoggedSession]:
    """The sessions in a file with this text."""
    path = tmp_path / "sessions"
    path.write_text(text)
    return Files(kind, seed).read(path)


def items(sessions: list[LoggedSession]) -> list[tuple[str, ...]]:
    """The items alone."""
    return [session.items for session in sessions]


def test_a_session_a_line_in_order(tmp_path: Path) -> None:
    """Blank lines are no sessions; its number is a session's time."""
    sessions = read(tmp_path, "sequences", "bread butter bread\n\n milk\n")

    assert [("bread", "butter", "bread"), ("milk",)] == items(sessions)
    assert [(0.0, 0.0, 0.0), (1.0,)] == [session.times_s for session in sessions]


def test_sessions_are_numbered_through_all_files(tmp_path: Path) -> None:
    """The test goes on where the training ended: no session is taken for another, or for older."""
    path = tmp_path / "sessions"
    path.write_text("bread\nmilk\n")
    files = Files("sequences")
    sessions = [*files.read(path), *files.read(path)]

    assert 4 == len({session.session_id for session in sessions})
    assert [0.0, 1.0, 2.0, 3.0] == [session.times_s[0] for session in sessions]


def test_rows_make_sessions_in_the_order_of_time(tmp_path: Path) -> None:
    """Whatever the order of the lines and of the columns."""
    rows = "Time\tSessionId\tx\tItemId\n70\t1\t\tbutter\n65\t2\t\ttea\n60\t1\t\tbread\n"
    sessions = read(tmp_path, "sessions-tsv", rows)

    assert [("bread", "butter"), ("tea",)] == items(sessions)
    assert [(60.0, 70.0), (65.0,)] == [session.times_s for session in sessions]


def test_a_column_of_categories_is_read_where_there_is_one(tmp_path: Path) -> None:
    """An empty cell tells none."""
    rows = "SessionId\tItemId\tTime\tCategory\n1\tbread\t60\tbakery\n1\tbutter\t70\t\n"
    (session,) = read(tmp_path, "sessions-tsv", rows)

    assert ["bakery", ""] == [session.category(0), session.category(1)]


def test_our_own_events_tell_categories(tmp_path: Path) -> None:
    """Where none of a session tells any, there are none."""
    told = (VIEW % (1, "s1", 10, "bread")).replace('"item_id"', '"category": "bakery", "item_id"')
    with_one, without = read(
        tmp_path, "events-jsonl", told + VIEW % (2, "s1", 20, "tea") + VIEW % (3, "s2", 30, "tea")
    )

    assert ("bakery", "") == with_one.categories
    assert () == without.categories
    assert "" == without.category(0)


def test_our_own_events_make_sessions(tmp_path: Path) -> None:
    """Views and adds are steps; an order repeats them, and is none."""
    text = VIEW % (2, "s1", 20, "butter") + VIEW % (1, "s1", 10, "bread") + ORDER
    (session,) = read(tmp_path, "events-jsonl", text)

    assert ("bread", "butter") == session.items
    assert (1_767_225_610.0, 1_767_225_620.0) == session.times_s
    assert "ada" == session.shopper_id


def test_otto_rows_make_sessions(tmp_path: Path) -> None:
    """Clicks and carts are steps; times are in milliseconds there."""
    text = (
        '{"session": 7, "events": [{"aid": 2, "ts": 1659304800025, "type": "clicks"},'
        ' {"aid": 3, "ts": 1659304801025, "type": "carts"},'
        ' {"aid": 3, "ts": 1659304802025, "type": "orders"}]}\n'
    )
    (session,) = read(tmp_path, "events-jsonl", text)

    assert ("2", "3") == session.items
    assert (1_659_304_800.025, 1_659_304_801.025) == session.times_s


def test_of_a_basket_the_seed_hides_one_item(tmp_path: Path) -> None:
    """The order of the line does not matter, nor do repeats; the last item is the example."""
    one = read(tmp_path, "baskets", "bread milk jam tea\n" * 30)
    other = read(tmp_path, "baskets", "tea jam milk milk bread\n" * 30)
    reseeded = read(tmp_path, "baskets", "bread milk jam tea\n" * 30, seed=1)

    assert one == other
    assert one != reseeded
    assert {"bread", "milk", "jam", "tea"} == {basket.items[-1] for basket in one}
    assert {3} == {basket.judged_from for basket in one}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sequences", "bread butter\n"),
        ("baskets", "bread butter\n"),
        ("sessions-tsv", HEADER + "1\tbread\t60\n1\tbutter\t70\n"),
        ("events-jsonl", VIEW % (1, "s1", 10, "bread") + VIEW % (2, "s1", 20, "butter")),
    ],
)
def test_a_byte_order_mark_is_no_part_of_the_first_line(
    tmp_path: Path, kind: str, text: str, packed: bool
) -> None:
    """What editors and spreadsheets write in front of a file; in a later line it is text."""
    path, raw = tmp_path / "sessions", text.encode("utf-8-sig")
    path.write_bytes(gzip.compress(raw) if packed else raw)
    (session,) = Files(kind).read(path)

    assert ["bread", "butter"] == sorted(session.items)


def test_gzip_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    """Whatever the name of the file."""
    path = tmp_path / "sessions.txt"
    path.write_bytes(gzip.compress(b"bread butter\n"))

    assert [("bread", "butter")] == items(Files("sequences").read(path))


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("sequences", "", "no session in it"),
        ("sessions-tsv", "SessionId,ItemId,Time\n", "line 1: no column SessionId"),
        ("sessions-tsv", "SessionId\tItemId\n", "line 1: no column Time"),
        ("sessions-tsv", "", "line 1: no column SessionId"),
        ("sessions-tsv", HEADER, "no session in it"),
        ("sessions-tsv", HEADER + "1\tbread\n", "line 2: 2 columns, where the header has 3"),
        ("sequences", "bread\n{" + ORDER[1:], "line 2: this is JSON, no item ids between blanks"),
        ("baskets", " " + ORDER, "line 1: this is JSON"),
        ("sequences", ORDER, "--format events-jsonl"),
        ("sessions-tsv", HEADER + "1\tbread\t60\n\tjam\t61\n", "line 3: SessionId is empty"),
        ("sessions-tsv", HEADER + "1\tbread\t60\n1\t \t61\n", "line 3: ItemId is empty"),
        ("sessions-tsv", HEADER + "1\tbread\t60\n1\tjam\tsoon\n", "line 3: Time is 'soon'"),
        ("sessions-tsv", HEADER + "1\tbread\t1659304800025\n", "line 2: Time is '1659304800025'"),
        ("sessions-tsv", HEADER + "1\tbread\tnan\n", "line 2: Time is 'nan'"),
        ("events-jsonl", VIEW % (1, "s", 1, "a") + "{\n", "line 2: Invalid JSON"),
        ("events-jsonl", '{"type": "item_viewed"}\n', "line 1: item_viewed.event_id: Field requi"),
        ("events-jsonl", '{"session": 1, "events": [{"aid": 1}]}\n', "line 1: events.0.ts: Field"),
        ("events-jsonl", ORDER, "no session in it"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, kind: str, text: str, said: str) -> None:
    """With the file and the number of the line."""
    with pytest.raises(FileUnusable) as refused:
        read(tmp_path, kind, text)

    assert said in str(refused.value)
    assert str(tmp_path / "sessions") in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"bread\n\xff\xfe\n", "line 2: no UTF-8"),
        (gzip.compress(b"bread butter\n" * 1000, mtime=0)[:-20], "damaged gzip"),
        (b"\x1f\x8bbread\n", "damaged gzip after line 0"),
        (b"bread " * (LINE_BYTES_MAX // 6 + 1), "line 1: longer than"),
    ],
)
def test_bytes_that_are_no_text_are_said(tmp_path: Path, raw: bytes, said: str) -> None:
    """In one sentence."""
    path = tmp_path / "sessions"
    path.write_bytes(raw)

    with pytest.raises(FileUnusable, match=said):
        Files("sequences").read(path)


@pytest.mark.parametrize("packed", [False, True])
def test_all_of_a_pipe_is_read(tmp_path: Path, *, packed: bool) -> None:
    """`--data <(cat sessions)`: a pipe gives its bytes once, the first ones too."""
    raw = b"".join(b"bread-%d butter-%d\n" % (number, number) for number in range(5_000))
    os.mkfifo(pipe := tmp_path / "sessions")
    sender = threading.Thread(
        target=pipe.write_bytes, args=(gzip.compress(raw) if packed else raw,), daemon=True
    )
    sender.start()

    sessions = Files("sequences").read(pipe)

    assert 5_000 == len(sessions)
    assert ("bread-0", "butter-0") == sessions[0].items


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """And so is a folder."""
    with pytest.raises(FileUnusable, match="nowhere: No such file"):
        Files("sequences").read(tmp_path / "nowhere")
    with pytest.raises(FileUnusable, match="Is a directory"):
        Files("sequences").read(tmp_path)


def test_an_event_may_carry_a_field_that_sessions_of_otto_have(tmp_path: Path) -> None:
    """`events` within a field that nobody reads makes no session of an event."""
    said = VIEW % (1, "s1", 1, "bread")
    sessions = read(tmp_path, "events-jsonl", said.replace("}", ', "context": {"events": 3}}'))

    assert [("bread",)] == items(sessions)
