"""Moves the transports of a configuration that `crossbar init` wrote to the loopback interface and to given ports, and
adds one that serves the older UBJSON over WebSocket and RawSocket.

    loopback.py config.json

Everything else stays as it is.
"""

import json
import pathlib
import sys

PORTS = {"rawsocket": "$TEST_PORT_INIT_RAW", "web": "$TEST_PORT_INIT_WEB"}
OLDER = {
    "type": "universal",
    "endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": "$TEST_PORT_OLDER"},
    "rawsocket": {"serializers": ["ubjson"], "ubjson": "draft12"},
    "websocket": {"ws": {"type": "websocket", "serializers": ["ubjson"], "ubjson": "draft12"}},
}


def main():
    path = pathlib.Path(sys.argv[1])
    config = json.loads(path.read_text())
    transports = config["workers"][0]["transports"]
    for transport in transports:
        transport["endpoint"] |= {"interface": "127.0.0.1", "port": PORTS[transport["type"]]}
    transports.append(OLDER)
    path.write_text(json.dumps(config, indent=4))


if __name__ == "__main__":
    main()
