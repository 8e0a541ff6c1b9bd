"""Recommenders judged on files of sessions, without Kafka."""

from streams.lab.evaluate.command import evaluate

__all__ = ["evaluate"]
