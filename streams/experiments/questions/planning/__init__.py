"""Planning an experiment: how many days it takes until its question is decided, by simulation."""
