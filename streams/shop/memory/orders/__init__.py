"""What orders rest on and lead to: impressions, and the orders that they were credited with."""
