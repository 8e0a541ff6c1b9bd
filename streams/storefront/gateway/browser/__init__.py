"""What pages load from the gateway: the client and the element `<goes-with>`, and their types."""
