"""Written words: names and plurals, messages, patterns, YAML. It knows nothing of the domain language."""
