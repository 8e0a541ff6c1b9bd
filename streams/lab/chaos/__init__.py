"""The verdict: workers, broker and Redis under faults, and whether the books balance afterwards."""
