"""Grafana's dashboards, one for each user, written from the code."""
