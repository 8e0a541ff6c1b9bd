"""What is asked for in slots, beside what goes with an item: anchors, and what is better."""
