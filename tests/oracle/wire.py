"""A WAMP peer that sends exactly what it is told and reports exactly what came back.

WebSocket (RFC 6455, no extensions) and RawSocket, each with JSON, MessagePack, CBOR or BJData; over WebSocket with
`.batched` behind the name, too. Nothing here checks what is sent: hand-made frames are the purpose.
"""

import asyncio
import base64
import contextvars
import decimal
import itertools
import json
import os
import ssl
import struct

import bjdata
import cbor2
import msgpack
import numpy

SERIALIZERS = {"json": 1, "msgpack": 2, "cbor": 3, "ubjson": 4}
ENCODERS = {"msgpack": msgpack.packb, "cbor": cbor2.dumps, "ubjson": bjdata.dumpb}
CONNECT_DEADLINE = 10.0
BATCHED = ".batched"
SEPARATOR = b"\x18"
_numbers = itertools.count(1)
_address = contextvars.ContextVar("address")


class Closed(Exception):
    """The peer ended the transport; `code` is the WebSocket close code where there was one."""

    def __init__(self, code=None):
        super().__init__(f"closed {code}" if code else "closed")
        self.code = code


def _bytes_in(value):
    """Turns the JSON form of octets (NUL and base64) into bytes, for formats that have them."""
    if isinstance(value, str) and value.startswith("\0"):
        return base64.b64decode(value[1:])
    if isinstance(value, list):
        return [_bytes_in(item) for item in value]
    if isinstance(value, dict):
        return {key: _bytes_in(item) for key, item in value.items()}
    return value


def _bytes_out(value):
    """The inverse of `_bytes_in`, so that transcripts of all formats read alike."""
    if isinstance(value, bytes):
        return "\0" + base64.b64encode(value).decode()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, numpy.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_bytes_out(item) for item in value]
    if isinstance(value, dict):
        return {key: _bytes_out(item) for key, item in value.items()}
    return value


def encode(serializer, message):
    """One WAMP message as octets; a batch of one if the serializer has batches."""
    if serializer.endswith(BATCHED):
        plain = serializer.removesuffix(BATCHED)
        body = encode(plain, message)
        return body + SEPARATOR if plain == "json" else struct.pack("!I", len(body)) + body
    if serializer == "json":
        return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    message = _bytes_in(message)
    return ENCODERS[serializer](message)


def decode_all(serializer, octets):
    """The WAMP messages of a frame: one, or those of a batch."""
    if not serializer.endswith(BATCHED):
        return [decode(serializer, octets)]
    plain, found = serializer.removesuffix(BATCHED), []
    if plain == "json":
        *found, rest = octets.replace(b"\x1e", SEPARATOR).split(SEPARATOR)
        if rest or not found:
            raise ValueError("no separator behind the last message")
    while plain != "json" and octets:
        (length,) = struct.unpack("!I", octets[:4])
        found.append(octets[4 : 4 + length])
        octets = octets[4 + length :]
    return [decode(plain, body) for body in found]


def decode(serializer, octets):
    """One WAMP message as lists and dictionaries."""
    if serializer == "json":
        return json.loads(octets)
    if serializer == "msgpack":
        return _bytes_out(msgpack.unpackb(octets, strict_map_key=False))
    return _bytes_out(cbor2.loads(octets) if serializer == "cbor" else bjdata.loadb(octets))


class WebSocket:
    """One WebSocket connection, after a handshake for a WAMP subprotocol."""

    def __init__(self, reader, writer, serializer):
        self.reader, self.writer, self.serializer = reader, writer, serializer

    @classmethod
    async def connect(cls, host, port, path, serializer, tls):
        reader, writer = await dial(host, port, tls)
        key = base64.b64encode(os.urandom(16)).decode()
        request = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: wamp.2.{serializer}",
        ]
        writer.write(("\r\n".join(request) + "\r\n\r\n").encode())
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.split(b"\r\n", 1)[0].decode()
        if " 101 " not in status + " ":
            writer.close()
            raise Closed(status.split()[1])
        return cls(reader, writer, serializer)

    def send_frame(self, opcode, payload, fin=True):
        mask = os.urandom(4)
        length = len(payload)
        head = bytes([(0x80 if fin else 0) | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += bytes([0x80 | 126]) + struct.pack("!H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack("!Q", length)
        pad = (mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")
        self.writer.write(head + mask + masked)

    def send(self, payload):
        self.send_frame(1 if self.serializer.startswith("json") else 2, payload)

    def send_other_kind(self, payload):
        """The wrong frame type for this serializer."""
        self.send_frame(2 if self.serializer.startswith("json") else 1, payload)

    async def receive(self):
        message = b""
        while True:
            first, second = await self._exactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self._exactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self._exactly(8))
            payload = await self._exactly(length)
            opcode = first & 0x0F
            if opcode == 8:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                self.send_frame(8, payload[:2])
                raise Closed(code)
            if opcode == 9:
                self.send_frame(10, payload)
            elif opcode != 10:
                message += payload
                if first & 0x80:
                    return message

    async def _exactly(self, count):
        try:
            return await self.reader.readexactly(count)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            raise Closed from None

    def finish(self):
        """Asks the peer to end the connection."""
        self.send_frame(8, struct.pack("!H", 1000))

    def drop(self):
        self.writer.transport.abort()


class RawSocket:
    """One RawSocket connection, after its handshake. Answers PING, sends none."""

    def __init__(self, reader, writer, serializer):
        self.reader, self.writer, self.serializer = reader, writer, serializer

    @classmethod
    async def connect(cls, host, port, _path, serializer, tls):
        serializer, _, small = serializer.partition(".")
        limit = 0x30 if small else 0xF0
        reader, writer = await dial(host, port, tls)
        writer.write(bytes([0x7F, limit | SERIALIZERS[serializer], 0, 0]))
        reply = await reader.readexactly(4)
        if reply[1] & 0x0F != SERIALIZERS[serializer]:
            writer.close()
            raise Closed(f"handshake {reply.hex()}")
        return cls(reader, writer, serializer)

    def send(self, payload):
        self.writer.write(struct.pack("!I", len(payload)) + payload)

    async def receive(self):
        while True:
            (head,) = struct.unpack("!I", await self._exactly(4))
            payload = await self._exactly(head & 0x00FF_FFFF)
            kind = head >> 24 & 7
            if kind == 0:
                return payload
            if kind == 1:
                self.writer.write(struct.pack("!I", 2 << 24 | len(payload)) + payload)

    async def _exactly(self, count):
        try:
            return await self.reader.readexactly(count)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            raise Closed from None

    def finish(self):
        """Says that nothing more will come."""
        if self.writer.can_write_eof() and not self.writer.is_closing():
            self.writer.write_eof()
        else:
            self.writer.close()

    def drop(self):
        self.writer.transport.abort()


async def dial(host, port, tls=None):
    """Opens a connection from this conversation's address; the host `unix` has a path for its port."""
    if host == "unix":
        return await asyncio.open_unix_connection(port)
    return await asyncio.open_connection(host, port, ssl=tls and _encrypted(tls), local_addr=(_address.get(), 0))


def move():
    """Lets what follows come from another address: routers hold up those from where many logins failed."""
    number = next(_numbers)
    _address.set(f"127.1.{number >> 8}.{number & 255}")


def _encrypted(certificate):
    """TLS 1.3, whoever the router is; with a client certificate if that is a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if certificate is not True:
        context.load_cert_chain(certificate)
    return context


async def connect(kind, serializer, host, port, path="/", folder=None, certificate=None):
    """Opens a transport: `kind` is `ws` or `raw`; with a folder of certificates it is encrypted."""
    opener = WebSocket if kind == "ws" else RawSocket
    tls = folder and (f"{folder}/{certificate}.pem" if certificate else True)
    async with asyncio.timeout(CONNECT_DEADLINE):
        try:
            return await opener.connect(host, port, path, serializer, tls)
        except (ssl.SSLError, asyncio.IncompleteReadError, ConnectionError):
            raise Closed from None
