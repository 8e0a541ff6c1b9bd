"""Feeds: what was decided for sessions and orders, for e-mail tools and tills."""
