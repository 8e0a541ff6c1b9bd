"""Recommenders judged on files of sessions, without Kafka."""

from streams.evaluate.command import evaluate

__all__ = ["evaluate"]
