"""What became of each event of a session: read off the topics, and where they are silent, told."""
