"""The page of experiments: what is known of arms and prompts, and what operators do about it."""
