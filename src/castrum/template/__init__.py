"""What the command knows of a template: where it is, its language, its notes."""
