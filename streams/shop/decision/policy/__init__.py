"""How an arm is drawn: by which policy, from which seed, with how many items worth their room."""
