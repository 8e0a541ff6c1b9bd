"""Who asks, what for, and in which words: read from a request, and bounded."""
