"""Tests of `streams.storefront.feeds`."""
