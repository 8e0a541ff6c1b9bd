"""Settings of what a shop sells, and of what is earned by that."""
