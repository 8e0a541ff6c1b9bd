"""CPU time and latency of an event, beside stock Faust agents."""
