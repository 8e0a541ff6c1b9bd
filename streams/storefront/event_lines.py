"""Events as lines of a file or a pipe: read within bounds, and unwrapped.

A line is an event as it is sent (a record's value), or a record with its key, such as `kcat -J` and
most consumers print: `{"key": "session-7", "value": {…}}`; `payload` for `value`, and `ts` or
`timestamp` for the record's own time. A byte-order mark before the first line is the file's, not
the event's.
"""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from streams.contract.errors import FileUnusable
from streams.contract.topics import RECORD_BYTES_MAX

LINE_BYTES_MAX = 2 * RECORD_BYTES_MAX
"""What is longer is not kept: no broker of ours takes it, whatever stands around the event."""
TIME_MS_MAX = 2**63 - 1
"""The latest time that a record can have."""
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Line(NamedTuple):
    """A line that is not blank."""

    number: int
    text: bytes
    cut: bool
    """It is longer than `LINE_BYTES_MAX`; the rest was passed over."""


class Sent(NamedTuple):
    """The record that a line stands for."""

    value: bytes | None
    key: bytes | None
    has_key: bool
    """False: the line does not say which key it has."""
    timestamp_ms: int | None
    """The record's own time, where the line says it."""
    said: Any
    """The JSON in the value; None where there is none."""


def lines(
    stream: IO[bytes], bytes_max: int = LINE_BYTES_MAX, blanks: bytes = b" \t\r\n"
) -> Iterator[Line]:
    r"""The lines of a stream, without the `blanks` around them, nor those that are nothing else.

    Raises `FileUnusable` for UTF-16, and where it cannot be read.

    >>> from io import BytesIO
    >>> [(line.number, line.text) for line in lines(BytesIO(b"\xef\xbb\xbf{}\r\n\n[]"))]
    [(1, b'{}'), (3, b'[]')]
    """
    number = 0
    while text := _read(stream, bytes_max + 1):
        number += 1
        cut = len(text) > bytes_max and not text.endswith(b"\n")
        rest = text
        while cut and rest and not rest.endswith(b"\n"):
            rest = _read(stream, bytes_max)
        if number == 1:
            if text.startswith(WIDE):
                raise FileUnusable("the file is UTF-16: events are UTF-8, write it as that")
            text = text.removeprefix(codecs.BOM_UTF8)
        if text := text.strip(blanks):
            yield Line(number, text, cut)


def _read(stream: IO[bytes], bytes_max: int) -> bytes:
    try:
        return stream.readline(bytes_max)
    except OSError as error:
        raise FileUnusable(f"the file cannot be read: {error.strerror or error}") from error


def sent(text: bytes) -> Sent:
    """The record that a line stands for.

    >>> sent(b'{"key": "session-7", "payload": "{}", "ts": 1767225600000}')
    Sent(value=b'{}', key=b'session-7', has_key=True, timestamp_ms=1767225600000, said={})
    """
    line = _parsed(text)
    if not _is_record(line):
        return Sent(text, None, has_key=False, timestamp_ms=None, said=line)
    held, time_ms = line.get("value", line.get("payload")), line.get("ts", line.get("timestamp"))
    value = _bytes(held)
    return Sent(
        value,
        _bytes(line["key"]),
        has_key=True,
        timestamp_ms=time_ms if type(time_ms) is int and 0 <= time_ms <= TIME_MS_MAX else None,
        said=_parsed(value) if isinstance(held, str) else held,
    )


def _is_record(line: Any) -> bool:
    """Whether a line stands for a record around an event, and not for the event itself."""
    return (
        isinstance(line, dict)
        and "type" not in line
        and "key" in line
        and ("value" in line or "payload" in line)
    )


def _parsed(text: bytes | None) -> Any:
    """The JSON in a text; None where there is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _bytes(said: Any) -> bytes | None:
    """What a record would hold: a text as it is, anything else as JSON, the shortest there is."""
    if said is None or isinstance(said, str):
        return None if said is None else said.encode("utf-8", "surrogatepass")
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
