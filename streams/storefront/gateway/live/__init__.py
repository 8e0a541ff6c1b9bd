"""What sessions may be shown just now, as it comes: held, resumed, rendered, streamed."""
