"""Arrays as text, for snapshots: their bytes, compressed, in base 64. Equal arrays, equal text."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

ZLIB_LEVEL = 1
BYTES_MAX = 1 << 31
"""No text unfolds to more than 2 GiB."""


def written(array: NDArray[Any]) -> str:
    """An array as text.

    >>> read(written(np.arange(3, dtype=np.int32)), np.int32).tolist()
    [0, 1, 2]
    """
    return base64.b64encode(zlib.compress(array.tobytes(), ZLIB_LEVEL)).decode()


def read(text: str, kind: Any, width: int = 0) -> NDArray[Any]:
    """The array of such a text, as rows of `width` if that is given.

    Raises `ValueError` when it is no such text, or not of this kind.
    """
    unfolder = zlib.decompressobj()
    try:
        plain = unfolder.decompress(base64.b64decode(text, validate=True), BYTES_MAX)
    except zlib.error as error:
        raise ValueError(f"no array: {error}") from error
    array = np.frombuffer(plain, kind).copy()
    return array.reshape(-1, width) if width else array
