"""What travels between shop and goeswith: events, prompts, receipts, topics, settings, errors.

Everybody else imports it; it imports nothing of ours.
"""
