"""What servers ask and send: webhooks, Shopify-shaped recommendations, metrics."""
