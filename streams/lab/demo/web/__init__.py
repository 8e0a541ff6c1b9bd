"""The demo's shop in a browser: pages, a gateway, a console, and what goeswith makes of a visit."""
