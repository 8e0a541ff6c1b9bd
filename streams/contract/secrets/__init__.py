"""What the operator's secrets are good for: the keys that they give, and data sealed with them."""
