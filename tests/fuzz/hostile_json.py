"""Records that are nearly right: an example with some of its parts in other words.

What stands there instead is written as it is, since no library would write it: numbers that are
none or have no end, lone surrogates, brackets that never close or are a thousand deep.
"""

import json
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.leaves import replaced

tried = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "25")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
"""How often: a little in each run of the tests, for long by `make fuzz`."""
DEEP = 15_000
"""Deeper than the stack of any Python that we run on."""
WORDS = {
    **{
        word: word
        for word in (
            *("0", "-0", "-1", "1.5", "-0.0", "1e308", "5e-324", "1e400"),
            *("NaN", "Infinity", "-Infinity", "2147483648", "9223372036854775807"),
            *("9223372036854775808", "-9223372036854775809", "18446744073709551616"),
            *("4102444800001", "253402300799999", "253402300800000", "1000000000000000000"),
            *('""', '" "', '"\\u0000"', '"\\ud800"', '"\\u202e\\u001b[2J"', '"[/bold]"', '"9"'),
            *('"é😀"', '"2026-01-01"', '"nan"'),
            *("null", "true", "[]", "{}", "[[]]", '{"": null}', "[1, 2]", '[""]', "", "x"),
        )
    },
    "a number of 400 digits": "9" * 400,
    "a number of 5,000 digits": "9" * 5000,
    "a long text": json.dumps("x" * 5000),
    "lists in lists": "[" * DEEP + "]" * DEEP,
    "objects in objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "lists without an end": "[" * DEEP,
}
"""What stands there instead, by a name that a failing test can print."""
MARK = "instead {} "
Path = tuple[Any, ...]


def places(value: Any) -> list[Path]:
    """The paths of all parts of a value, the whole first."""
    below: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        below = [*(value.items() if isinstance(value, dict) else enumerate(value))]
    return [(), *((key, *path) for key, part in below for path in places(part))]


def written(value: Any, instead: list[tuple[Path, str]]) -> bytes:
    """A value as JSON, with other words at some places; a place that is gone by then is let be."""
    for number, (path, _) in enumerate(instead):
        if path in places(value):
            mark = MARK.format(number)
            value = replaced(value, path, mark) if path else mark
    text = json.dumps(value)
    for number, (_, name) in enumerate(instead):
        text = text.replace(json.dumps(MARK.format(number)), WORDS.get(name, name))
    return text.encode("utf-8", "surrogatepass")


def nearly(*examples: Any) -> st.SearchStrategy[bytes]:
    """One of these values with up to three parts in other words; now and then cut, or broken."""
    names = st.sampled_from(sorted(WORDS))

    def changed(value: Any) -> st.SearchStrategy[bytes]:
        one = st.tuples(st.sampled_from(places(value)), names | json_words())
        return st.lists(one, max_size=3).map(lambda instead: written(value, instead))

    whole = st.sampled_from(examples).flatmap(changed)
    bare = names.map(lambda name: WORDS[name].encode("utf-8", "surrogatepass"))
    return whole | whole.flatmap(broken) | st.binary(max_size=300) | bare


def json_words() -> st.SearchStrategy[str]:
    """Whatever JSON has words for."""
    simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    return simple.map(json.dumps)


def broken(raw: bytes) -> st.SearchStrategy[bytes]:
    """Bytes with a few of them gone or others."""
    at = st.integers(0, max(0, len(raw) - 1))
    return st.tuples(at, st.binary(max_size=3), st.integers(0, 40)).map(
        lambda cut: raw[: cut[0]] + cut[1] + raw[cut[0] + cut[2] :]
    )
