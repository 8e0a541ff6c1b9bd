"""The gateway's benchmark in small, on a real Kafka: each event has its prompt, and all is told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.lab.bench.figures import results
from streams.lab.bench.gateway.connections import CAUSE
from streams.lab.bench.gateway.gateway_report import ROWS, section
from streams.lab.bench.gateway.load import PromptArrivals, Steady

FEW = ["--sessions", "50", "--rate", "40", "--seconds", "2", "--no-pin", "--json"]
COLD = ["--warm-up-seconds", "5"]
"""What is measured here is that all is there, not how fast."""


@pytest.fixture(scope="module")
def figures(kafka: str) -> dict[str, dict[str, float]]:
    """What the command prints."""
    command = ["bench", "gateway", "--bootstrap", kafka, *FEW, *COLD]
    done = CliRunner().invoke(goeswith, command, catch_exceptions=False)
    assert 0 == done.exit_code, done.output
    return dict(json.loads(done.stdout))


def test_every_event_has_its_prompt_on_the_stream_and_in_the_answer(
    figures: dict[str, dict[str, float]],
) -> None:
    """Of the gateway and of the floor; nothing twice, and no stream ends."""
    for one in (figures["stream"], figures["bare"]["stream"], figures["wait_ms"]):
        assert isinstance(one, dict)
        assert (80, 80, 80) == (one["events"], one["accepted"], one["prompts"])
        assert (0, 0) == (one["unanswered"], one["repeated"])
        assert 0 < one["p50_ms"] <= one["p99_ms"] <= one["max_ms"]
    assert 0 == figures["stream"]["streams_ended"]
    assert figures["post"]["events_per_s"] > 0
    assert 0 == figures["post"]["refused"]


def test_its_section_says_what_was_missed(
    figures: dict[str, dict[str, float]], tmp_path: Path
) -> None:
    """As loudly as what was reached."""
    late = {**figures, "stream": {**figures["stream"], "p99_ms": 41.0, "unanswered": 3}}
    said = list(section(late))
    results.write_section(tmp_path / "RESULTS.md", "Gateway", said, "goeswith bench gateway")

    assert all(name in "\n".join(said) for name in ROWS)
    assert any(line.startswith("- MISSED: event to prompt on the stream, p99") for line in said)
    assert any(line.startswith("- MISSED: events without their prompt: 3") for line in said)


def test_a_prompt_that_comes_again_is_counted() -> None:
    """The first one is the one that counts."""
    arrivals = PromptArrivals()
    for cause, now_s in (("e1", 1.0), ("e1", 2.0), ("e2", 3.0)):
        arrivals.came(cause, now_s)

    assert ({"e1": 1.0, "e2": 3.0}, 1) == (arrivals.at_s, arrivals.repeated)


def test_an_event_without_a_prompt_is_told() -> None:
    """Not left out of the figures."""
    told = Steady(3, 3, {"e1": 1.0}, 0, [1_000]).figures()

    assert (3, 1, 2, 1.0) == (
        told["events"],
        told["prompts"],
        told["unanswered"],
        told["p50_ms"],
    )


def test_a_prompt_is_known_by_its_cause() -> None:
    """In the gateway's form, and in the floor's."""
    rendered = b'data: {"type":"prompt","caused_by":"s-1","expires_at_ms":1}\n\n'

    assert [b"s-1"] == CAUSE.findall(rendered)
