"""Moves the transports of a configuration that `crossbar init` wrote to the loopback interface and to given ports.

    loopback.py config.json

Everything else stays as it is.
"""

import json
import pathlib
import sys

PORTS = {"rawsocket": "$TEST_PORT_INIT_RAW", "web": "$TEST_PORT_INIT_WEB"}


def main():
    path = pathlib.Path(sys.argv[1])
    config = json.loads(path.read_text())
    for transport in config["workers"][0]["transports"]:
        transport["endpoint"] |= {"interface": "127.0.0.1", "port": PORTS[transport["type"]]}
    path.write_text(json.dumps(config, indent=4))


if __name__ == "__main__":
    main()
