"""The log beside what is needed of it, and knowledge that is taken over to another log."""
