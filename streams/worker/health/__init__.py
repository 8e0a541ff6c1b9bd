"""Whether a worker gets on: the pages that say so, and the watchdog that ends it if not."""
