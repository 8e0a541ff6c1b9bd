"""A bounded table of co-occurrence counts, compiled."""
