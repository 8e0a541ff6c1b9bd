"""Arrays as text, for snapshots: a million numbers take milliseconds, as JSON they take seconds.

Their bytes in base 64: compressed, where only a snapshot is made of them; as they are, where the
text is held against that of another machine, which may compress otherwise.
"""

import zlib
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

ZLIB_LEVEL = 1
BYTES_MAX = 1 << 31
"""No text unfolds to more than 2 GiB."""
COLUMN = np.dtype("<i8")
"""Eight bytes each, the lowest first, on every machine."""


def written(array: NDArray[Any]) -> str:
    """An array as text, compressed: equal arrays, equal text, on one machine.

    >>> read(written(np.arange(3, dtype=np.int32)), np.int32).tolist()
    [0, 1, 2]
    """
    return b64encode(zlib.compress(array.tobytes(), ZLIB_LEVEL)).decode()


def read(text: str, kind: Any, width: int = 0) -> NDArray[Any]:
    """The array of such a text, as rows of `width` if that is given.

    Raises `ValueError` when it is no such text, or not of this kind.
    """
    unfolder = zlib.decompressobj()
    try:
        plain = unfolder.decompress(b64decode(text, validate=True), BYTES_MAX)
    except zlib.error as error:
        raise ValueError(f"no array: {error}") from error
    array = np.frombuffer(plain, kind).copy()
    return array.reshape(-1, width) if width else array


def column(numbers: NDArray[np.integer]) -> str:
    """Whole numbers as text: equal numbers, equal text, on every machine.

    >>> column(np.array([1, -1]))
    'AQAAAAAAAAD//////////w=='
    """
    return b64encode(numbers.astype(COLUMN).tobytes()).decode()


def read_column(text: str) -> NDArray[np.int64]:
    """The whole numbers that `column` wrote; raises `ValueError` when it did not.

    >>> read_column("AQAAAAAAAAD//////////w==").tolist()
    [1, -1]
    """
    return np.frombuffer(b64decode(text, validate=True), COLUMN).astype(np.int64)
