"""What follows of the estimates of arms, in words, tables and figures."""
