"""Record batches that a client cannot read by itself: codecs, budgets, odd headers."""
