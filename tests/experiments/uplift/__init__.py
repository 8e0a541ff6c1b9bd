"""What prompts are worth, by its room."""
