"""What a program needs that runs until it is stopped."""
