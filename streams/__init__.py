"""Events in, prompts out: a flat list of nouns, pure at the bottom, wired in `topology`.

The pydantic classes here are events, prompts and settings; `models/` holds what learns.
"""
