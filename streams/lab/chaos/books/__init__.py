"""The books: what should have come of the log, recomputed, beside what did."""
