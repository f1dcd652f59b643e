"""One HTTP request over a connection of its own, and what of the answer a page of another origin depends on."""

import asyncio
import base64
import os

import wire

DEADLINE = 10.0
TOLD = ("access-control-", "allow", "location")
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "wamp.2.json",
}


async def ask(place, method, headers):
    """Status and headers; the method UPGRADE asks for a WebSocket. Headers of null are left out."""
    host, port, path, *more = place
    given = {"Host": f"{host}:{port}", "Connection": "close"}
    if method == "UPGRADE":
        given |= UPGRADE | {"Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
    given |= headers
    lines = [f"{method.replace('UPGRADE', 'GET')} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in given.items() if value is not None]
    try:
        async with asyncio.timeout(DEADLINE):
            reader, writer = await wire.dial(host, port, bool(more))
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        return "no answer"
    writer.transport.abort()
    return _told(head.decode("latin-1"))


def _told(head):
    status, *lines = head.strip().split("\r\n")
    pairs = sorted((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    told = [f"{name}: {value}" for name, value in pairs if name.startswith(TOLD)]
    return "; ".join([status.split()[1], *told])
