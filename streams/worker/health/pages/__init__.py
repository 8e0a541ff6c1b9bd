"""The worker's pages, and the server that nobody can hold up."""
