"""State as bytes: versioned, compressed JSON and arrays, never pickle."""
