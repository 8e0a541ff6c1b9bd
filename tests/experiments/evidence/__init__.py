"""What follows of estimates, and when."""
