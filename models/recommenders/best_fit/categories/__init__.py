"""Categories: what is known of items of one kind speaks for each of them."""
