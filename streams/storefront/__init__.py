"""Prompts on their way to storefronts: the stream of them, and the current ones."""
