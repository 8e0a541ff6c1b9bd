"""What may come twice, late, or be taken back: arrivals, impressions, orders, earnings."""
