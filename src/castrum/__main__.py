"""``python -m castrum``."""

from .cli import main

raise SystemExit(main())
