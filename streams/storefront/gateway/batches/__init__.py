"""Bodies of events, judged one by one: bytes in, records and results out."""
