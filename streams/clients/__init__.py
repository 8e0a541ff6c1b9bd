"""The clients of Kafka and Redis: connections and files are opened here alone."""
