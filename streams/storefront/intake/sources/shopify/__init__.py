"""Shopify: the web pixel, which runs in browsers, and webhooks, which its servers send."""
