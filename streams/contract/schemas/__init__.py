"""JSON Schemas of all that travels, with one example of each."""
