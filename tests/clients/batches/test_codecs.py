"""What producers pack is unpacked, within a budget; a missing package is said at start-up."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import cramjam
import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from kafka.codec import snappy_encode

from streams.clients.batches.codecs import (
    Undecodable,
    gzip_decode,
    lz4_decode,
    snappy_decode,
    zstd_decode,
)


def snappy_of_c(data: bytes) -> bytes:
    """As librdkafka writes it: one block, no header."""
    return bytes(cramjam.snappy.compress_raw(data))


WAYS: dict[str, tuple[Callable[[bytes], bytes], Callable[..., bytes]]] = {
    "gzip": (gzip.compress, gzip_decode),
    "lz4": (lz4.frame.compress, lz4_decode),
    "snappy": (snappy_of_c, snappy_decode),
    "snappy of Java": (snappy_encode, snappy_decode),
    "zstd": (zstandard.compress, zstd_decode),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)


@EVERY_WAY
@given(data=st.binary(max_size=300), times=st.integers(1, 2000))
def test_what_was_packed_comes_out(way: str, data: bytes, times: int) -> None:
    """Whatever it is, and to the last byte of the budget."""
    pack, unpack = WAYS[way]

    assert data * times == unpack(pack(data * times), bytes_max=len(data) * times)


@EVERY_WAY
@given(room=st.integers(0, 999_999))
def test_what_is_more_than_the_budget_is_refused(way: str, room: int) -> None:
    """However little it was packed into."""
    pack, unpack = WAYS[way]

    with pytest.raises(Undecodable, match=f"more than {room} bytes"):
        unpack(pack(bytes(1_000_000)), bytes_max=room)


@EVERY_WAY
@given(data=st.binary(max_size=100), kept=st.integers(0, 60))
def test_what_does_not_unpack_is_refused_or_nothing_worse(way: str, data: bytes, kept: int) -> None:
    """Noise, and what was cut off: bytes or `Undecodable`, and never another error."""
    pack, unpack = WAYS[way]
    for broken in (data, pack(b"bread" * 100)[:kept]):
        with suppress(Undecodable):
            assert isinstance(unpack(broken), bytes)


@pytest.mark.parametrize("package", ["cramjam", "lz4.frame", "snappy", "zstandard"])
@pytest.mark.parametrize("command", ["worker", "lag"])
def test_a_missing_package_is_one_line_that_names_it(package: str, command: str) -> None:
    """Before anything is read, and with the exit code of what an operator has to mend."""
    program = (
        f"import sys; sys.modules[{package!r}] = None; sys.argv = ['goeswith', {command!r}]; "
        "from streams.cli.root import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert 2 == ended.returncode, ended.stderr
    assert package in ended.stderr
    assert "pip install cramjam" in ended.stderr
    assert 1 == len(ended.stderr.splitlines())
