"""How Copier renders the template faster."""
