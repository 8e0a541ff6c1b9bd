"""Events in, prompts out: rooms named by idea, pure in `shop`, wired in `worker`.

The pydantic classes are in `contract`: events, prompts and settings; `models/` is what learns.
"""
