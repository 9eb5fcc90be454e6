"""Documents of the domain: its model as pictures and tables."""
