"""What a pipeline is measured on: a broker, a tape of events, and the contenders."""
