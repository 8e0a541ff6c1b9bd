"""Who may ask: session tokens, the shop's keys, origins, rate limits, slow readers."""
