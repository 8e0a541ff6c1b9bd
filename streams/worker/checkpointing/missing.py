"""Says that there is no checkpoint where one is to be expected, and what is not known without it.

That is where the log begins after offset 0, or where the group has answered events before: only the
first run of a shop has none.
"""

import asyncio
import logging

from streams.clients.log_reader import Partition, committed_offsets
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.shop.checkpoint import LogExtent
from streams.worker.telemetry import Telemetry

logger = logging.getLogger(__name__)


async def say_what_is_missing(
    settings: Settings,
    where: str,
    telemetry: Telemetry,
    notes: dict[str, str],
    now: LogExtent,
) -> None:
    """Note whether somebody must have written a checkpoint, and what is not known without it."""
    if gone := sum(now.begins.values()):
        said = (
            f"{gone:,} events are gone from the log, and what they taught is not known here. Is it "
            "kept elsewhere? Then stop the workers, and `goeswith checkpoint load` it"
        )
    elif not notes and (answered := await asyncio.to_thread(_answered, settings)):
        said = (
            f"the group has answered {answered:,} events before. The log has them all, and is "
            "folded from its beginning: that takes its time. Is GOESWITH_CHECKPOINT_URL right?"
        )
    else:
        logger.info("no checkpoint in %s: the log is folded from its beginning", where)
        return
    telemetry.checkpoints_missing = 1
    notes["missing"] = f"there is no checkpoint to start from in {where}, and {said}"
    logger.error("%s", notes["missing"])


def _answered(settings: Settings) -> int:
    """How many events the group has acknowledged; 0 where nobody says, as the embedded broker."""
    events = settings.topics.events
    if settings.kafka_api_version:
        return 0
    try:
        with open_admin(settings) as admin:
            partitions = [Partition(events, number) for number in range(settings.partitions)]
            return sum(filter(None, committed_offsets(settings, admin, partitions).values()))
    except GoeswithError:
        return 0
