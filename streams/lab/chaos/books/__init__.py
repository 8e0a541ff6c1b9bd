"""The books, an audit: what should have come of the log, recomputed, beside what did."""
