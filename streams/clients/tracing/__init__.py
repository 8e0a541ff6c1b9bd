"""Distributed tracing: which events are traced, and spans of how long each stage took."""
