"""Payloads with faults in them: each becomes events that workers take, or a clear rejection.

`python -m tests.storefront.intake.mutated 200000` tries so many of each source, from a seed that
it prints; with a second argument, from that seed; with more, those sources alone.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator
from random import Random
from typing import Any

from streams.contract.events import decode, encode
from streams.contract.settings import Settings
from streams.storefront.intake.adapter import Adapter
from streams.storefront.intake.adapters import ADAPTERS
from streams.storefront.intake.drafts import Intake
from tests.storefront.intake.samples import DENIED, NOON_MS, SAMPLES

SETTINGS = (
    Settings(),
    Settings(intake_items="variant", intake_currency="KWD", event_bytes_max=600),
)
LEAVES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 2**63, 10**30, 1_767_225_600, "", " ", "0"),
    *("null", "undefined", "(not set)", "NaN", "Infinity", "-0", "1,2,3", "9" * 5000, "x" * 300),
    *("\x00", "\ud800", "\u202e", "é", "a\tb\nc", "💶" * 50, "gid://shopify/Product/", "gid://"),
    *("2026-13-45", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01", "T"),
    *([], {}, [[]], [None], {"": ""}, [[[[]]]], "[1,2", "{", "?a=b&c", "EUR", "XAU", "ZZZ", "eur"),
    *("https://x.example/?q=%", "iglu:a/b/c/1-0-0", "denied", "GRANTED", 1e-300, "1e400", -0.0),
)
REASONS = frozenset(
    {"invalid_json", "invalid_body", "invalid_event", "oversize", "no_time", "no_session"}
    | {"no_item_id", "no_items", "item_id", "quantity", "price", "more", "too_many", "incomplete"}
)


def mutated(said: Any, random: Random) -> Any:
    """JSON with one fault somewhere in it."""
    if isinstance(said, dict) and said and random.random() < 0.9:
        key = random.choice(list(said))
        return _at(said, key, random)
    if isinstance(said, list) and said and random.random() < 0.9:
        index = random.randrange(len(said))
        if random.random() < 0.1:
            return said + [said[index]] * random.choice((1, 3))
        return [mutated(one, random) if at == index else one for at, one in enumerate(said)]
    return random.choice(LEAVES)


def _at(said: dict[Any, Any], key: Any, random: Random) -> dict[Any, Any]:
    draw = random.random()
    if draw < 0.1:
        return {name: value for name, value in said.items() if name != key}
    if draw < 0.2:
        return said | {random.choice(list(said)): said[key]}
    if draw < 0.25:
        return {
            str(random.choice(LEAVES))[:9] if name == key else name: said[name] for name in said
        }
    return said | {key: mutated(said[key], random)}


def torn(body: bytes, random: Random) -> bytes:
    """Bytes with a fault in them: cut off, overwritten, doubled."""
    if not body:
        return b"\x00"
    at, draw = random.randrange(len(body)), random.random()
    if draw < 0.3:
        return body[:at]
    if draw < 0.8:
        return body[:at] + bytes([random.randrange(256)]) + body[at + 1 :]
    return body[:at] + body[random.randrange(len(body)) :]


def payload(source: str, random: Random) -> tuple[bytes, dict[str, str]]:
    """A sample with one to three faults."""
    sample = random.choice((*SAMPLES[source], *DENIED.get(source, ())))
    body, headers = sample.body, dict(sample.headers)
    for _ in range(random.choice((1, 1, 2, 3))):
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            body = torn(body, random)
            continue
        text = json.dumps(mutated(said, random)).encode()
        body = torn(body, random) if random.random() < 0.15 else text
    if headers and random.random() < 0.2:
        name = random.choice(list(headers))
        headers[name] = random.choice(("", "x", headers[name].upper(), "orders/x", "%", "é"))
    return body, headers


def judge(adapter: Adapter, body: bytes, headers: dict[str, str], settings: Settings) -> Intake:
    """What becomes of a payload; raises `AssertionError` where that is against the contract."""
    became = adapter.read(body, headers, settings)
    assert became == adapter.read(body, headers, settings), "the same payload, other events"
    for event in became.events:
        said = encode(event)
        again = decode(event.session_id.encode(), said, timestamp_ms=NOON_MS, settings=settings)
        assert again.identity == event.identity
        if event.consent is False and event.type != "shopper_forgotten":
            assert event.visitor_id is None, "a browser without consent"
            assert event.shopper_id is None, "a shopper without consent"
    for one in became.rejections:
        assert one.reason in REASONS
        assert one.message
        assert len(one.message) <= 500
    assert all(len(name) <= 64 for name in became.ignored)
    return became


def run(times: int, seed: int, sources: Collection[str] = ()) -> Iterator[tuple[str, Counter[str]]]:
    """Try so many payloads of each source; counts of what became of them."""
    for adapter in ADAPTERS:
        if sources and adapter.name not in sources:
            continue
        random, counts = Random(f"{seed} {adapter.name}"), Counter[str]()
        for number in range(times):
            body, headers = payload(adapter.name, random)
            try:
                became = judge(adapter, body, headers, SETTINGS[number % 2])
            except Exception as error:
                error.add_note(f"{adapter.name} {number} of seed {seed}: {headers} {body[:2000]!r}")
                raise
            counts["events"] += len(became.events)
            counts["rejections"] += len(became.rejections)
            counts["payloads with events"] += bool(became.events)
            counts["payloads rejected or ignored"] += not became.events
        yield adapter.name, counts


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    print(f"seed {seed}")  # noqa: T201
    for source, counts in run(int(sys.argv[1]), seed, sys.argv[3:]):
        print(f"{source}: {dict(counts)}", flush=True)  # noqa: T201
