"""What is served, a file each: events, prompts, sessions, health."""
