"""How connections are made and secured, for every client alike, and why a broker refuses one."""
