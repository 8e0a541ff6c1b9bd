"""Why a prompt was what it was: recomputed from the log, and held against what was published."""
