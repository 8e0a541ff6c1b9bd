"""Declaring experiments: what is asked is written down before anybody can know the answer."""
