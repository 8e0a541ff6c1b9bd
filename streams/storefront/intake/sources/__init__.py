"""The sources: one pure module a format, from a parsed record to drafts of events."""
