"""Guardrails: arms that are stopped by evidence, by a control that says so."""
