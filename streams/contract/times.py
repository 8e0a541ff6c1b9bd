"""The times that an event may have, in milliseconds since 1970: others are a mistake."""

YEAR_2015_MS = 1_420_070_400_000
YEAR_2100_MS = 4_102_444_800_000
