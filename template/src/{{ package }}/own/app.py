"""Routes and start-up of your own."""

from fastapi import FastAPI

from ..settings import Settings


def extend(app: FastAPI, settings: Settings) -> None:
    """Called before the application starts: include routers, give it what they need."""
