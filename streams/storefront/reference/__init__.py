"""What a shop sells and how it is run, on its way into the reference topics and out of them."""
