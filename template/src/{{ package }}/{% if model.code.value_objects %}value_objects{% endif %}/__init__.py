"""What fields of several aggregates consist of: values without an identity, each named once in domain.yaml."""
