"""What an event costs and how long an answer takes, beside stock Faust, in one run."""
