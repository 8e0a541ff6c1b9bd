"""What a story says of an event beside prompts and silences: its times, and its units."""
