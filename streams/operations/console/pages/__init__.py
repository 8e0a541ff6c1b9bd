"""The pages: each shows the latest of what was read."""
