"""What faults are done to: a real Kafka, workers, and shoppers who keep their own records."""
