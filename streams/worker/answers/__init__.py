"""Beside answering: words that nobody uses, prompts that live, and taking them back."""
