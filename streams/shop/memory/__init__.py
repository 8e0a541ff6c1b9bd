"""What the fold remembers: sessions, impressions, pending prompts, what was learned."""
