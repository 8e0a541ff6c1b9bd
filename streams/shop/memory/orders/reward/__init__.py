"""What prompts earn in money, and how often what they offer is sold."""
