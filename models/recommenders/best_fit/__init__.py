"""The learned ranker: candidates of every source, in an order that is learned online."""
