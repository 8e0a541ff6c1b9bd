"""What an event costs: the recorded figures, and a guard on them that no noise can fail."""
