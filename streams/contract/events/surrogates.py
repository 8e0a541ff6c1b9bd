r"""Lone surrogates: half a character, as of an emoji that was cut (`"\ud83c"`, legal in JSON text).

Readers of JSON that hold texts as UTF-8 refuse all of a text for one; Python's own does not. It is
slower, so it reads what the others have refused, and nothing else.
"""

import json
import re
from typing import Any

_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F]"
_ESCAPED = re.compile(rb"%s(?!%s)|(?<!%s)%s" % (_HIGH, _LOW, rb"\\u[dD][89abAB].{2}", _LOW))
_LONE = re.compile("[\ud800-\udfff]")


def is_cut(said: str) -> bool:
    r"""Whether a text has half a character in it.

    >>> is_cut("Toys \ud83c"), is_cut("Toys \U0001f381")
    (True, False)
    """
    return not said.isascii() and _LONE.search(said) is not None


def has_half(raw: bytes) -> bool:
    r"""Whether JSON text has half a character in it, as it is written there.

    >>> has_half(rb'"\ud83c"'), has_half(rb'"\udf81"'), has_half(rb'"\ud83c\udf81"')
    (True, True, False)
    """
    return _ESCAPED.search(raw) is not None


def parsed_with_halves(raw: bytes) -> Any:
    r"""The JSON that was refused, where halves of characters may be why; else `ValueError`.

    >>> parsed_with_halves(rb'{"note": "cut \ud83c"}')
    {'note': 'cut \ud83c'}
    """
    if not has_half(raw):
        raise ValueError("it has no half of a character")
    try:
        return json.loads(raw.decode())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
