"""The test bed of fault injection: a real Kafka, workers, and shoppers who keep their records."""
