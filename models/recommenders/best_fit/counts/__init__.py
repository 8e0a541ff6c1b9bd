"""What the ranker counts: pairs, trends, and how both are learned."""
