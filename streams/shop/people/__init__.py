"""Who is signed in, and what may be remembered of whom."""
