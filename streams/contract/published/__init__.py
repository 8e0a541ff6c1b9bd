"""What we publish: prompts and their withdrawals; outcomes."""
