"""What prompts reached and what they earn by it, and how often what they offer is sold."""
