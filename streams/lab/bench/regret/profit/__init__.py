"""What prompts earn in money, in shops of which the truth is known."""
