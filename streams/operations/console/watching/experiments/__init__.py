"""What the outcomes topic tells, as it becomes known."""
