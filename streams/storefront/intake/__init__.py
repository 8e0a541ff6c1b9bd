"""Intake: what shops send already (GA4, Segment, Shopify and others), made into our events."""
