"""How long generation takes, and what a request costs the generated service: `make bench`."""
