"""The languages that prompts speak: a file of messages each, numbers and plurals by CLDR."""
