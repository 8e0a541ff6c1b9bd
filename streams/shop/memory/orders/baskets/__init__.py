"""What a session notes of its basket, so that things count by their own time, however late."""
