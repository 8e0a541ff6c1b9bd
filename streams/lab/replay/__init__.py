"""Real baskets replayed through Kafka and the worker, with the true times, and judged."""

from streams.lab.replay.command import replay

__all__ = ["replay"]
