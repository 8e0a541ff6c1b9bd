"""The index of sessions by item for nearest neighbours, compiled, with its record layouts."""
