"""What is said of arms under peeking: false alarms, bias, coverage."""
