"""Forgetting a shopper on request, and looking for what is left of them."""
