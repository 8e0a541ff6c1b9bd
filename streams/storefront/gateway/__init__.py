"""The gateway: events in and prompts out over HTTP, for browsers and for servers without Kafka."""
