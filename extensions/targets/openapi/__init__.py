"""The contract in OpenAPI."""
