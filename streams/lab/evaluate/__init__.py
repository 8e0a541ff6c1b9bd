"""Recommenders judged on files of sessions, without Kafka."""
