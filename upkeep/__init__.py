"""What the generated service and Castrum depend on, and whether it is kept up: `make upkeep`, docs/upkeep.md."""
