"""Catalogue files of shop systems: a module for each kind, from rows to drafts of items."""
