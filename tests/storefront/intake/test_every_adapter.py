"""What holds for each adapter, whatever its source: the family's contract."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.contract.events import decode, encode
from streams.contract.settings import Settings
from streams.contract.topics import RECORD_BYTES_MAX
from streams.storefront.intake.adapters import ADAPTERS, adapters
from streams.storefront.intake.drafts import Intake
from tests.storefront.intake.samples import BROWSERS, DENIED, NOON_MS, SAMPLES, SHOPPER, Sample

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = Settings()
EVERY = [(source, sample) for source, samples in SAMPLES.items() for sample in samples]
OF_CONSENT = [(source, sample) for source, samples in DENIED.items() for sample in samples]
NAMES = [f"{source}: {sample.name}" for source, sample in EVERY]
SOURCES = tuple(SAMPLES)
FROM_BROWSERS = ("ga4", "shopify-pixel", "cloudevents", "matomo")
"""Of the others, servers send the requests: their agent is not the shopper's."""
JUNK = (
    *(b"", b" ", b"\xff\xfe\x00", b"{", b"[", b"null", b"true", b"7", b'"text"', b"[]", b"{}"),
    *(b"[[]]", b"[null]", b"[[[[]]]]", b'{"events": null}', b'{"events": [null, 7, [], {}]}'),
    *(b"NaN", b"Infinity", b"-", b"\x00", b"\t" * 131, b"a=b&c", b'{"batch": [null, 1, {}]}'),
    *(b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b'"\\ud800"', "é".encode("utf-16")),
)


def read(source: str, sample: Sample, settings: Settings = SETTINGS, **more: Any) -> Intake:
    """What becomes of a sample."""
    return adapters()[source].read(sample.body, sample.headers, settings, **more)


def as_json(became: Intake) -> dict[str, Any]:
    """What became of a record, as it is kept in `golden/`."""
    return {
        "events": [json.loads(encode(event)) for event in became.events],
        "rejections": [one._asdict() for one in became.rejections],
        "ignored": dict(became.ignored),
    }


def goldens(source: str) -> dict[str, Any]:
    """What became of all samples of a source."""
    return {one.name: as_json(read(source, one)) for one in (*SAMPLES[source], *denied(source))}


def denied(source: str) -> list[Sample]:
    """Its samples without consent, under names of their own."""
    return [one._replace(name=f"denied: {one.name}") for one in DENIED.get(source, ())]


@pytest.mark.parametrize("source", SOURCES)
def test_each_sample_becomes_what_it_became(source: str) -> None:
    """`python -m tests.storefront.intake.test_every_adapter` writes them anew: read the diff."""
    kept = json.loads((GOLDEN / f"{source}.json").read_text())

    assert kept == goldens(source)


def test_each_adapter_has_samples() -> None:
    """A new adapter joins the family with samples of its own."""
    assert {adapter.name for adapter in ADAPTERS} == set(SAMPLES)


@pytest.mark.parametrize(("source", "sample"), EVERY, ids=NAMES)
def test_the_same_payload_is_the_same_events(source: str, sample: Sample) -> None:
    """Ids included, read again, parsed before or not, and whenever it came."""
    once, later = read(source, sample), read(source, sample, received_at_ms=NOON_MS + 86_400_000)

    assert once == later
    assert len({event.identity for event in once.events}) == len(once.events)


@pytest.mark.parametrize(("source", "sample"), EVERY, ids=NAMES)
def test_each_event_is_one_that_workers_take(source: str, sample: Sample) -> None:
    """Through `decode`, with its session as the key; and none is lost on the way."""
    for event in read(source, sample).events:
        key = event.session_id.encode()
        again = decode(key, encode(event), timestamp_ms=NOON_MS + 5000, settings=SETTINGS)

        assert again.identity == event.identity
        assert again.type == event.type


@pytest.mark.parametrize(("source", "sample"), EVERY, ids=NAMES)
def test_no_title_goes_on(source: str, sample: Sample) -> None:
    """Names of people, pages and products stay where they are, markup or not."""
    became = read(source, sample)

    assert "onerror" not in json.dumps(as_json(became))


@pytest.mark.parametrize(
    ("source", "sample"), OF_CONSENT, ids=lambda one: getattr(one, "name", one)
)
def test_denied_consent_leaves_out_who_it_is(source: str, sample: Sample) -> None:
    """Neither the shopper's id nor the browser's as one: the events say no, and nothing else."""
    became = read(source, sample)

    said = json.dumps(as_json(became))
    assert SHOPPER not in said
    assert [] == [browser for browser in BROWSERS if browser in said]
    assert became.events or [one.reason for one in became.rejections] == ["no_session"]
    assert all(event.consent is False and event.visitor_id is None for event in became.events)
    assert all("shopper_id" not in event.model_fields_set for event in became.events)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk[:12]))
def test_what_is_nothing_is_told_and_raises_nothing(source: str, junk: bytes) -> None:
    """No event comes of it; something is said of it, or counted."""
    became = adapters()[source].read(junk, {}, SETTINGS, received_at_ms=NOON_MS)

    assert became.events == ()
    assert became.rejections or became.ignored or junk in (b"[]", b"[[[[]]]]")


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_too_long_is_not_parsed(source: str) -> None:
    """A record larger than any topic of ours takes."""
    became = adapters()[source].read(b"[" * (RECORD_BYTES_MAX + 1), {}, SETTINGS)

    assert [one.reason for one in became.rejections] == ["oversize"]


@pytest.mark.parametrize(("source", "sample"), EVERY, ids=NAMES)
def test_an_event_that_workers_would_refuse_for_its_size_is_rejected(
    source: str, sample: Sample
) -> None:
    """By the very bound that they have."""
    small = Settings(event_bytes_max=256)
    became, all_of_it = read(source, sample, small), read(source, sample)

    assert all(len(encode(event)) <= 256 for event in became.events)
    left_out = [one for one in became.rejections if one.reason == "oversize"]
    assert len(became.events) + len(left_out) == len(all_of_it.events)


@pytest.mark.parametrize(("source", "sample"), EVERY, ids=NAMES)
def test_a_session_that_is_known_beats_what_is_said(source: str, sample: Sample) -> None:
    """A token has it; nobody can speak for another session."""
    became = read(source, sample, session_id="of-a-token")

    told = {event.session_id for event in became.events if event.type != "shopper_forgotten"}
    assert told <= {"of-a-token"}


@pytest.mark.parametrize("source", FROM_BROWSERS)
def test_a_robot_that_says_so_is_counted_and_nothing_else(source: str) -> None:
    """Where a browser sends: by the agent of its request."""
    crawler = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    sample = SAMPLES[source][0]
    became = adapters()[source].read(sample.body, sample.headers | crawler, SETTINGS)

    assert became.events == ()
    assert became.ignored == {"robot": 1}


@pytest.mark.parametrize("source", ["shopify", "woocommerce"])
def test_an_unsigned_webhook_is_not_looked_at(source: str) -> None:
    """Whatever is wrong with the signature, the answer is the same one."""
    adapter, sample = adapters()[source], SAMPLES[source][0]
    settings = Settings(shopify_secret=SecretStr("right"), woocommerce_secret=SecretStr("right"))
    refused = [
        adapter.read(sample.body, sample.headers | more, settings)
        for more in ({}, {adapter.signature: "é"}, {adapter.signature: "AAAA"})
    ]

    assert all(one == refused[0] for one in refused)
    assert refused[0].events == ()
    assert [one.reason for one in refused[0].rejections] == ["unauthorized"]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SOURCES:
        (GOLDEN / f"{name}.json").write_text(json.dumps(goldens(name), indent=1) + "\n")
