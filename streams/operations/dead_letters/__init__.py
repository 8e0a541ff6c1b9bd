"""Dead letters, for operators: read, counted, explained, sent again."""
