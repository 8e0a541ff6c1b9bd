"""The verdict, a fault-injection test: workers, broker and Redis under faults, and an audit."""
