"""Two months of orders are known when all processes are gone, and the log is a week."""

import pytest

from streams.lab.bench.size.outlive import measure
from streams.lab.bench.size.outlive_report import section


@pytest.mark.integration
async def test_two_months_are_known_when_all_but_kafka_is_gone(kafka: str) -> None:
    """As they were left; from the generation before a damaged one; and beside a model that is new.

    There is no Redis. Equal digests: what is learned is what a shop knows that saw everything.
    """
    said: list[str] = []
    figures = await measure(kafka, items=200, pairs=4_000, say=said.append)

    assert 876 == figures["events"]
    assert 100 < figures["left"] < 115
    assert figures["same_newest"]
    assert figures["same_damaged"]
    assert figures["same_best_fit"]
    assert figures["restored_damaged"] < figures["restored_newest"] == figures["events"]
    assert {} == figures["adopted_best_fit"]
    assert "seconds to the first answer: " in "\n".join(section(figures))
