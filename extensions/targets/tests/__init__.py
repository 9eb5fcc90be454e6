"""What the tests of a generated service send and expect."""
