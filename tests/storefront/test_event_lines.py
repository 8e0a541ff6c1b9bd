"""Lines are read within bounds, and a record is unwrapped from what a consumer printed."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import FileUnusable
from streams.storefront.event_lines import Sent, lines, sent


def test_blank_lines_are_counted_and_left_out() -> None:
    """The number of a line is the one that an editor shows."""
    found = lines(BytesIO(b'\r\n{"a": 1}\r\n   \n[]'))

    assert [(2, b'{"a": 1}'), (4, b"[]")] == [(line.number, line.text) for line in found]


def test_a_byte_order_mark_is_the_files_own() -> None:
    """Only before the first line: elsewhere it belongs to a record that no worker can read."""
    found = [line.text for line in lines(BytesIO(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n"))]

    assert [b"{}", b"\xef\xbb\xbf{}"] == found


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_of_another_encoding_is_refused(encoding: str) -> None:
    """Every line of it would be no JSON, and nobody would see why."""
    with pytest.raises(FileUnusable, match="UTF-16"):
        list(lines(BytesIO("\ufeff{}\n".encode(encoding))))


def test_a_line_without_end_takes_no_more_memory_than_a_record() -> None:
    """What is too long is cut and said to be; the lines behind it have their own numbers."""
    found = list(lines(BytesIO(b"a" * 1000 + b"\n{}\n" + b"b" * 99), bytes_max=10))

    assert [(1, 11, True), (2, 2, False), (3, 11, True)] == [
        (line.number, len(line.text), line.cut) for line in found
    ]


@given(st.lists(st.binary(max_size=30).filter(lambda text: b"\n" not in text)))
def test_no_line_is_lost_between_long_ones(texts: list[bytes]) -> None:
    """Whatever their lengths: each that is not blank comes, under its number."""
    found = {line.number for line in lines(BytesIO(b"\n".join(texts)), bytes_max=8)}
    bom = b"\xef\xbb\xbf"
    wanted = {
        number
        for number, text in enumerate(texts, start=1)
        if (text[:9].removeprefix(bom) if number == 1 else text[:9]).strip(b" \t\r\n")
    }

    assert wanted == found


def test_an_event_is_a_record_that_does_not_tell_its_key() -> None:
    """Also one that has a field of that name."""
    event = b'{"type": "item_viewed", "key": "k", "value": 1}'
    said = {"type": "item_viewed", "key": "k", "value": 1}

    assert Sent(event, None, has_key=False, timestamp_ms=None, said=said) == sent(event)
    assert Sent(b"no json", None, has_key=False, timestamp_ms=None, said=None) == sent(b"no json")


def test_a_key_within_another_field_makes_no_record() -> None:
    """Nor does a payload alone: what would be sent is the line."""
    for line in (b'{"payload": {"key": "s", "type": "x"}}', b'{"key": "s", "ts": 7}'):
        assert (line, False) == (sent(line).value, sent(line).has_key)


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (b'{"key": "s", "value": {"a": 1}}', Sent(b'{"a":1}', b"s", True, None, {"a": 1})),
        (b'{"topic": "t", "ts": 7, "key": "s", "payload": "x"}', Sent(b"x", b"s", True, 7, None)),
        (b'{"key": null, "payload": null, "ts": -1}', Sent(None, None, True, None, None)),
        (
            b'{"key": "s", "value": "x", "ts": 1%s}' % (b"0" * 18),
            Sent(b"x", b"s", True, 10**18, None),
        ),
        (
            b'{"key": "s", "value": "x", "ts": 1%s}' % (b"0" * 19),
            Sent(b"x", b"s", True, None, None),
        ),
        (b'{"timestamp": 7, "key": 5, "value": "[2]"}', Sent(b"[2]", b"5", True, 7, [2])),
    ],
)
def test_a_record_is_unwrapped(line: bytes, record: Sent) -> None:
    """As `kcat -J` prints it, and as people write it by hand."""
    assert record == sent(line)
