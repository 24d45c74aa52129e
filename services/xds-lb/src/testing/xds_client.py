"""A proxyless gRPC client: calls /gantry.test.Echo/Name once for each line on standard input.

Usage: xds_client.py TARGET, with GRPC_XDS_BOOTSTRAP naming the bootstrap file. Each answer is a line: "ok <answer>" or
"error <status code>".
"""

import sys

import grpc

CALL_TIMEOUT_SECONDS = 10


def main(target: str) -> None:
    # A channel of its own takes its own view of the endpoints.
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary("/gantry.test.Echo/Name", lambda data: data, lambda data: data)
        for _ in sys.stdin:
            try:
                answer = call(b"", timeout=CALL_TIMEOUT_SECONDS, wait_for_ready=True)
                print("ok", answer.decode(), flush=True)
            except grpc.RpcError as error:
                print("error", error.code().name, flush=True)


main(sys.argv[1])
