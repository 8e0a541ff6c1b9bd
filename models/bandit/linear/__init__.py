"""Linear Thompson sampling, for contexts of many factors."""
