"""What the console knows: read by threads of its own, so that no request waits for Kafka."""
