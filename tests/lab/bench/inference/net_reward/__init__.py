"""What another policy earns, net of what comes back, by its room."""
