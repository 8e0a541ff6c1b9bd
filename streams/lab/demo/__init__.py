"""A whole shop on this machine: embedded Kafka and Redis, and shoppers whose wishes are known."""
