"""The log, as far as it tells of one session; and when which offset of it was written."""
