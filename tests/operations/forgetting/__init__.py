"""Tests of forgetting a shopper on request."""
