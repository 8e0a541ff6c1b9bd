"""What goes beside what: relations that the catalogue tells, and those that are learned."""
