"""The shop as a fold over the log, and the decisions that follow from it.

The pure core: no input, no output, no clock.
"""
