"""The figures of a benchmark: tables in the terminal, sections of RESULTS.md."""
