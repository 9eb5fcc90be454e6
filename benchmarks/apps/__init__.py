"""Programs that run in the environment of a generated service, beside it or in its place."""
