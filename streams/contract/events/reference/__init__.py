"""What events are about, and how a shop is run: records of the topics `catalog` and `control`."""
