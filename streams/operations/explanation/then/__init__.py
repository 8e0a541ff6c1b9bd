"""What workers had beside the log when they answered: receipts of prompts, and controls."""
