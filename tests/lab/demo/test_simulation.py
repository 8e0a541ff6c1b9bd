"""The demo's shoppers on Kafka, and what is counted beside them."""

import asyncio

from streams.contract.dead_letters import dead_letter_headers
from streams.contract.errors import InvalidEvent
from streams.contract.settings import Settings
from streams.lab.demo.shoppers.shoppers import crowd
from streams.lab.demo.shoppers.traffic import Traffic
from streams.lab.demo.simulation import Simulation
from streams.lab.demo.truth import Judge
from streams.lab.embedded.broker import EmbeddedBroker
from streams.operations.dead_letters.marks import mark_headers
from streams.views.arm_board import ArmBoard
from tests.integration.operators import ByHand, send
from tests.operations.dead_letters.test_replay_plan import letter
from tests.stories import NOON_MS, OPEN

LOOKS = 60
EVERY_S = 0.05


async def test_a_dead_letter_that_is_sent_again_counts_once(
    embedded_broker: EmbeddedBroker, topic_prefix: str
) -> None:
    """Its mark is a record of the same topic, and no letter."""
    settings = Settings(
        **OPEN,
        kafka_bootstrap=embedded_broker.bootstrap,
        kafka_api_version="2.0",
        topic_prefix=topic_prefix,
        partitions=2,
    )
    for name in settings.topics.declared():
        embedded_broker.create_topic(name, 2)
    error = InvalidEvent("null_value", "no value")
    events, cause = settings.topics.events, letter(0).cause
    assert cause is not None
    died = dead_letter_headers(
        topic=events, partition=1, offset=0, timestamp_ms=NOON_MS, error=error, original=()
    )
    traffic = Traffic(seed=1, shoppers=crowd(1, 5), run="visit")
    judge, board = Judge(settings), ArmBoard()
    async with Simulation(settings, traffic, rate_per_s=1.0, judge=judge, board=board) as seen:
        letters = [ByHand(b"s", None, 1, headers=tuple(died)) for _ in range(2)]
        marks = [ByHand(b"1:0", None, 1, headers=tuple(mark_headers("1:0", cause)))]
        send(settings, settings.topics.dead_letters, letters + marks)
        for _ in range(LOOKS):
            if await seen.dead_letters() == 2:
                break
            await asyncio.sleep(EVERY_S)

        assert 2 == await seen.dead_letters()
        assert 0 == seen.tally.unreadable
