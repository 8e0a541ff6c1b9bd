"""Why an item was not offered: its counts, what was in its way, and what was offered instead."""
