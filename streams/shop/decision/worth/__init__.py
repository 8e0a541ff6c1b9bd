"""What offered items are worth, and so how many of them a prompt has."""
