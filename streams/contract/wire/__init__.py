"""What goes over the wire asks of us: connections, keys and headers of Kafka, and the gateway's."""
