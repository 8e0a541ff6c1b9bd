"""Where events go and prompts come from: Kafka, or a few lists in memory."""
