"""The domain language: from the text of `domain.yaml` to its declarations."""
