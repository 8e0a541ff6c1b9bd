"""What storefronts run: prompts as they come, the current ones, events judged before sending."""
