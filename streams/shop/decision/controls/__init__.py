"""Controls: how operators run the shop while it runs; which there are, and what follows of them."""
