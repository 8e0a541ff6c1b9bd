"""Categories: content features for cold items, from what is known of their category."""
