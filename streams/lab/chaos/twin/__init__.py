"""A plain, slow twin of the shop: the same rules, written apart, so as not to be wrong together."""
