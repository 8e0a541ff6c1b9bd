"""Experiments that were declared before they began, as the topic of controls has them."""
