"""Settings of your own."""

from pydantic_settings import BaseSettings


class OwnSettings(BaseSettings):
    """Each field, with a description, is an environment variable of the same name; `make docs` documents it."""
