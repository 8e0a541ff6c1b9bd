"""Faust's Kafka transport and consumer group, mended: a fetch is one event, a round."""
