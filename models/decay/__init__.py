"""Forward decay in whole numbers: sums that fade, and still commute exactly."""
