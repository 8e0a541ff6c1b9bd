"""How far consumers are behind, in events and seconds, and what is to be thought of it."""
