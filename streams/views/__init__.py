"""Read models of what was answered: a worker writes them to Redis, others read them there."""
