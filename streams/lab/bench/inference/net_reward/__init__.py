"""What another policy earns, net of what comes back: its claims on simulated traffic."""
