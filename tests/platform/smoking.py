"""Runs tests of a service again and again, each time in a fork: what they need of others is imported once.

In the environment and the folder of the service; each line of the standard input is a file for the output of one run,
each line of the answer its exit code.
"""

import os
import sys

import alembic.command
import asyncpg
import fastapi
import httptools
import httpx2
import jwt.algorithms
import opentelemetry.exporter.otlp.proto.http.metric_exporter
import pydantic_settings
import pytest
import pytest_asyncio.plugin
import schemathesis
import sqlalchemy.ext.asyncio
import uvicorn
import yaml

IMPORTED = (
    alembic, asyncpg, fastapi, httptools, httpx2, jwt, opentelemetry, pydantic_settings, pytest_asyncio, schemathesis,
    sqlalchemy, uvicorn, yaml,
)  # fmt: skip


def run(output: str) -> int:
    """The exit code of pytest; what it says is in the file."""
    pid = os.fork()
    if pid == 0:
        code = 70  # of what ends otherwise than pytest does
        try:
            written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream, file in enumerate((os.open(os.devnull, os.O_RDONLY), written, written)):
                os.dup2(file, stream)
            arguments = ["-q", "-x", "-p", "no:cacheprovider", *sys.argv[1:]]
            code = pytest.main(arguments, plugins=[pytest_asyncio.plugin])
            sys.stdout.flush()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


for line in sys.stdin:
    print(run(line.strip()), flush=True)
