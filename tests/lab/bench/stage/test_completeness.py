"""What a benchmark makes of the log."""

import json
from dataclasses import dataclass

from streams.lab.bench.stage.completeness import caused, completeness, latencies_ms, prompt_ids
from streams.lab.bench.stage.workload import workload


@dataclass
class Record:
    """What is read of a record."""

    value: bytes
    timestamp: int = 0
    key: bytes = b"ann"


def record(timestamp: int = 0, **value: str) -> Record:
    """A record that holds this object."""
    return Record(json.dumps(value).encode(), timestamp)


def test_each_event_after_the_warm_up_must_have_its_prompt() -> None:
    """Lost, unknown and repeated prompts are counted apart; the first events may be silent."""
    asking = list(workload(4))
    found = [caused(asking[1]), caused(asking[3]), caused(asking[3]), "somebody else's"]
    judged = completeness(asking, 1, found)

    assert (3, 1, 1, 1) == (judged.prompts, judged.lost, judged.unknown, judged.repeats)


def test_withdrawals_are_no_prompts() -> None:
    """Both share a topic; only prompts answer."""
    log = [record(type="prompt", prompt_id="p1"), record(type="prompt_withdrawn", prompt_id="p1")]

    assert ["p1"] == prompt_ids(log)


def test_latency_is_from_the_event_to_the_first_prompt_that_it_caused() -> None:
    """Repeats, withdrawals and the events of the warm-up do not count."""
    events = [record(100, event_id="bread"), record(110, event_id="butter")]
    outputs = [
        record(190, type="prompt", caused_by="bread"),
        record(131, type="prompt", caused_by="butter"),
        record(150, type="prompt", caused_by="butter"),
        record(112, type="prompt_withdrawn", caused_by="butter"),
    ]

    assert [21] == latencies_ms(events, outputs, {(b"ann", "butter")})


def test_events_of_one_id_in_two_sessions_are_two() -> None:
    """Storefronts count their events, session by session."""
    value = b'{"event_id": "1", "caused_by": "1"}'
    sent = [Record(value, 100, b"ann"), Record(value, 200, b"bob")]
    came = [Record(value, 104, b"ann"), Record(value, 209, b"bob")]

    assert [4, 9] == latencies_ms(sent, came, {(b"ann", "1"), (b"bob", "1")})


def test_a_stock_agents_outputs_count_too() -> None:
    """They say what caused them, and nothing else."""
    latencies = latencies_ms(
        [record(100, event_id="bread")],
        [record(104, caused_by="bread")],
        {(b"ann", "bread")},
    )

    assert [4] == latencies
