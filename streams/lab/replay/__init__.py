"""Real baskets replayed through Kafka and the worker, with the true times, and judged."""
