"""What the tests stand on: rendering, generated projects, tools, running services."""
