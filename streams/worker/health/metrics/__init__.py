"""A worker's numbers as Prometheus reads them: what they are called, and the page `/metrics`."""
