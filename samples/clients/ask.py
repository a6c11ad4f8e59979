"""Sends one request to a Ryuso server and prints the answer.

    python3 ask.py deposit '{"to": "alice", "amount": 2500}'
    python3 ask.py deposit '{"to": "alice", "amount": 2500}' '{"notifier_down": true}'
"""

import json
import os
import socket
import sys


def ask(program, data_pool, metadata=None, host="127.0.0.1", port=60856):
    request = {"program": program, "data_pool": data_pool, "metadata": metadata or {}}
    with socket.create_connection((host, port)) as connection:
        connection.sendall(json.dumps(request).encode())
        return json.load(connection.makefile(encoding="utf-8"))


if __name__ == "__main__":
    answer = ask(
        sys.argv[1],
        *(json.loads(argument) for argument in sys.argv[2:]),
        host=os.environ.get("RYUSO_HOST", "127.0.0.1"),
        port=int(os.environ.get("RYUSO_PORT", "60856")),
    )
    print(json.dumps(answer, indent=2))
