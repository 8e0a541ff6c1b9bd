"""What Kafka's protocol asks of us: how a connection is secured, and what headers are called."""
