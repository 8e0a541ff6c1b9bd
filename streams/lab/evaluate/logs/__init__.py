"""Session logs: files, their formats, and the sessions in them."""
