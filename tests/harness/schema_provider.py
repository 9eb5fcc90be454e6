"""A Terraform provider plugin that knows nothing but a schema, which lies beside it.

Run by Terraform: it says where it listens, answers the schema, and accepts every configuration that fits it.
"""

import threading
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

SCHEMA = Path(__file__).with_name("schema").read_bytes()
SERVING = b"\x08\x01"
Answer = Callable[[bytes, Any], bytes]

stopped = threading.Event()


def schema(_request: bytes, _context: Any) -> bytes:
    return SCHEMA


def same(request: bytes, _context: Any) -> bytes:
    """PrepareProviderConfig: the configuration is field 1 of the question and of the answer."""
    return request


def nothing(_request: bytes, _context: Any) -> bytes:
    """No diagnostics: an empty message."""
    return b""


def serving(_request: bytes, _context: Any) -> bytes:
    return SERVING


def shutdown(_request: bytes, _context: Any) -> bytes:
    stopped.set()
    return b""


def service(name: str, **methods: Answer) -> grpc.GenericRpcHandler:
    """Methods that take and give raw messages."""
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(answer, lambda data: data, lambda data: data)
        for method, answer in methods.items()
    }
    return grpc.method_handlers_generic_handler(name, handlers)


def main() -> None:
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(8), options=unlimited)
    provider = service(
        "tfplugin5.Provider",
        GetSchema=schema,
        PrepareProviderConfig=same,
        ValidateResourceTypeConfig=nothing,
        ValidateDataSourceConfig=nothing,
        ValidateEphemeralResourceConfig=nothing,
        Configure=nothing,
        Stop=nothing,
    )
    controller = service("plugin.GRPCController", Shutdown=shutdown)
    health = service("grpc.health.v1.Health", Check=serving)
    server.add_generic_rpc_handlers((provider, controller, health))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc", flush=True)
    stopped.wait()
    server.stop(0)


if __name__ == "__main__":
    main()
