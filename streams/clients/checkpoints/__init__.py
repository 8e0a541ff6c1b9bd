"""Where checkpoints are kept: in a file, in Redis or in a topic of Kafka, by the same rules."""
