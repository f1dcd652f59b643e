"""Reads conversation scripts and plays them against a router, giving a normalised transcript.

A script file holds conversations. Each starts with `# ROW-ID name: what it shows` and has one step a line:

    NAME = join [TRANSPORT] [as USER] [REALM] [DETAILS]   open, say HELLO, be welcomed
    NAME = open [TRANSPORT]                               open the transport only
    NAME > MESSAGE         send, then wait until all it caused has arrived everywhere
    NAME >> MESSAGE        send only: the next `>` or `sync` waits
    NAME >batch [MESSAGE…] send messages as one batch, then wait as `>` does
    NAME >x MESSAGE        send what should end the session: wait for the end
    NAME >raw HEX          send these octets as one message, then wait for the end
    NAME >other MESSAGE    send in the wrong WebSocket frame type, then wait for the end
    NAME answer SECRET     answer the CHALLENGE received last
    NAME ~                 wait for one message
    NAME = tcp raw|ws…     open a bare connection to a place, no handshake
    NAME octets HEX        send these octets over it and take what comes back
    NAME drop              cut the transport
    sync                   wait until all that was caused has arrived everywhere
    @only TRANSPORT …      play over these transports only
    @callee                keep the callee's identity in RESULT
    @text                  keep the router's error texts
    @welcome               keep the roles and features of WELCOME
    @meta                  name ids and times in the arguments of RESULT
    @end                   watch whether the transport closes after an ABORT
    // …                   a remark

TRANSPORT is `ws-json`, `raw-cbor`, `ws-json.batched`, … or, with a place of the node, `ws-json/auth`; `/auth` alone keeps
the transport of the run. In a MESSAGE, `$R1`, `$U2`, `$I1`, `$P1` stand for the first registration id,
second subscription id, first invocation and first publication that the router issued, `$S.NAME` for a session id, and `$LONG` for
a text of 8,000 characters. A session over `raw-json.small` takes no message above 4 KiB, as it says in its handshake.

Nothing sleeps: after a step each joined session asks for something whose answer is certain (to
unsubscribe what does not exist). All that the step caused stands before that answer.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re

import meta
import wire

BARRIER_FIRST = 900_000_000
NO_SUBSCRIPTION = 2**53
RANDOM = 2**24
QUIET = 1.0
DEADLINE = 10.0
LONGEST_OCTETS = 16
LONG = json.dumps("x" * 8000)
HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
PUBLISHED, SUBSCRIBED, EVENT, RESULT, REGISTERED, INVOCATION, INTERRUPT = 17, 33, 36, 50, 65, 68, 69
SUBSCRIBE, UNSUBSCRIBE, CALL, REGISTER = 32, 34, 48, 64
META = ("wamp.session.", "wamp.registration.", "wamp.subscription.")

ROLES = {
    "caller": {
        "features": {
            "progressive_call_results": True,
            "call_canceling": True,
            "call_timeout": False,
            "caller_identification": True,
        }
    },
    "callee": {
        "features": {
            "progressive_call_results": True,
            "call_canceling": True,
            "caller_identification": True,
            "pattern_based_registration": True,
            "shared_registration": True,
            "registration_revocation": True,
        }
    },
    "publisher": {
        "features": {
            "publisher_identification": True,
            "publisher_exclusion": True,
            "subscriber_blackwhite_listing": True,
        }
    },
    "subscriber": {
        "features": {
            "publisher_identification": True,
            "pattern_based_subscription": True,
            "subscription_revocation": True,
        }
    },
}


class Conversation:
    """One script: its identifier, title, steps and the transports it is limited to."""

    def __init__(self, ident, title):
        self.ident, self.title = ident, title
        self.steps, self.only, self.keep = [], None, set()


def parse(text):
    """All conversations of one file."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("# "):
            ident, _, title = line[2:].partition(":")
            found.append(Conversation(ident.strip(), title.strip()))
        elif line.startswith("@only "):
            found[-1].only = line.split()[1:]
        elif line in ("@callee", "@text", "@welcome", "@end", "@meta"):
            found[-1].keep.add(line[1:])
        elif line and not line.startswith("//"):
            if not found:
                raise SyntaxError(f"line {number} stands before the first conversation")
            found[-1].steps.append(line)
    return found


class Stopped(Exception):
    """The router's answers leave no way to go on with the script."""


class Session:
    """One peer of a conversation."""

    def __init__(self, name, transport):
        self.name, self.transport = name, transport
        self.inbox = asyncio.Queue()
        self.joined = False
        self.ended = False
        self.challenge = None
        self.barrier = BARRIER_FIRST
        self.asked = {}
        self.reader = asyncio.create_task(self._read())

    async def _read(self):
        try:
            while True:
                octets = await self.transport.receive()
                for message in wire.decode_all(self.transport.serializer, octets):
                    self.inbox.put_nowait(message)
        except wire.Closed as closed:
            self.inbox.put_nowait(closed)
        except Exception as fault:  # what the router sent cannot be read: that is a finding
            self.inbox.put_nowait(wire.Closed(f"unreadable {type(fault).__name__}"))

    def send(self, message):
        self.transport.send(wire.encode(self.transport.serializer, message))

    async def take(self, seconds):
        """The next message, a `Closed`, or None after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await self.inbox.get()
        except TimeoutError:
            return None


class Player:
    """Plays one conversation against one router."""

    def __init__(self, places, default, conversation):
        self.places, self.default, self.conversation = places, default, conversation
        self.sessions, self.lines, self.ids, self.by_value = {}, [], {"LONG": LONG}, {}
        self.counts, self.bare, self.topics = {}, {}, {}

    async def play(self):
        try:
            for step in self.conversation.steps:
                self.lines.append(step)
                await self._step(step)
        except (Stopped, wire.Closed) as why:
            self.lines.append(f"  !! {why}")
        finally:
            await asyncio.gather(*(self._leave(session) for session in self.sessions.values()))
            for _, writer in self.bare.values():
                writer.transport.abort()
        return self.lines

    async def _octets(self, name, octets):
        """Records what comes back, at most for a while, and whether the connection ends."""
        reader, writer = self.bare[name]
        writer.write(octets)
        got, end = b"", "open"
        try:
            async with asyncio.timeout(QUIET):
                while part := await reader.read(4096):
                    got += part
            end = "closed"
        except TimeoutError:
            pass
        except ConnectionError:
            end = "closed"
        self.lines.append(f"  {name} {end} {got[:LONGEST_OCTETS].hex()}".rstrip())

    async def _leave(self, session):
        """Ends a session so that nothing of it is left in the router for the next conversation."""
        if session.joined and not session.ended:
            session.send([GOODBYE, {}, "wamp.close.close_realm"])
            reply = [None]
            while isinstance(reply, list) and reply[0] != GOODBYE:
                reply = await session.take(DEADLINE)
        if not session.ended:
            # Crossbar.io forgets the session when the transport has closed, not when it answers.
            session.transport.finish()
            await asyncio.wait([session.reader], timeout=QUIET)
        session.reader.cancel()
        session.transport.drop()

    async def _drop(self, session):
        """Cuts a transport and waits until the router knows it.

        The session first registers a procedure; a witness calls it afterwards. Whether the router
        finds the procedure gone or the callee leaving, the answer stands behind the end of the session.
        """
        procedure = f"com.witness.{session.name}"
        witness = Session("witness", await self._connect(self.default, None))
        witness.send([HELLO, "realm1", {"roles": ROLES}])
        await witness.take(DEADLINE)
        witness.joined = session.joined
        if session.joined:
            session.send([REGISTER, BARRIER_FIRST, {}, procedure])
            while (message := await session.take(DEADLINE)) and message[:2] != [REGISTERED, BARRIER_FIRST]:
                self._record(session, message)
        session.transport.drop()
        session.joined, session.ended = False, True
        if witness.joined:
            witness.send([CALL, 1, {}, procedure])
            if await witness.take(DEADLINE) is None:
                self.lines.append(f"  !! the router does not notice that {session.name} is gone")
        await self._leave(witness)
        await self._sync(None)

    async def _step(self, step):
        if step == "sync":
            return await self._sync(None)
        name, verb, *rest = step.split(None, 2)
        rest = rest[0] if rest else ""
        if verb == "=" and rest.startswith("tcp "):
            self.bare[name] = await asyncio.open_connection(*self.places[rest.split()[1]][:2])
            return
        if verb == "=":
            return await self._open(name, rest)
        if verb == "octets":
            return await self._octets(name, bytes.fromhex(rest))
        session = self.sessions[name]
        message = self._message(rest) if verb in (">", ">>", ">x") else None
        if message is not None:
            if isinstance(message, list) and message[:1] in ([CALL], [SUBSCRIBE]) and len(message) > 3:
                session.asked[message[1]] = message[3]
            session.send(message)
        if verb == ">" and session.joined and message and message[0] == GOODBYE:
            await self._until_goodbye(session)
        elif verb == ">batch":
            messages = self._message(rest)
            session.transport.send(b"".join(wire.encode(session.transport.serializer, one) for one in messages))
            await self._sync(session)
        elif verb == ">":
            await self._sync(session)
        elif verb == ">>":
            pass
        elif verb == "~":
            self._record(session, await session.take(DEADLINE))
        elif verb == "drop":
            await self._drop(session)
        elif verb == "answer":
            session.send([AUTHENTICATE, self._signature(session, rest), {}])
            await self._until_joined_or_ended(session)
        else:
            if verb == ">raw":
                session.transport.send(bytes.fromhex(rest))
            elif verb == ">other":
                octets = wire.encode(session.transport.serializer, self._message(rest))
                session.transport.send_other_kind(octets)
            elif verb != ">x":
                raise SyntaxError(step)
            await self._until_ended(session)
            await self._sync(None)

    def _message(self, text):
        return json.loads(re.sub(r"(?<![\w\"])\$(\w+(?:\.\w+)?)", lambda m: str(self._id(m[1])), text))

    def _id(self, name):
        if name not in self.ids:
            raise Stopped(f"the router issued no {name}")
        return self.ids[name]

    async def _open(self, name, rest):
        verb, *words = rest.split()
        kind, place, realm, user, extra = self.default, None, "realm1", None, {}
        text = rest[len(verb):].strip()
        if "{" in text:
            extra = json.loads(text[text.index("{"):])
            words = text[: text.index("{")].split()
        while words:
            word = words.pop(0)
            if word == "as":
                user, place = words.pop(0), place or "auth"
            elif re.match(r"(ws|raw)-[\w.]+(/\w+)?$", word):
                kind, _, at = word.partition("/")
                place = at or place
            elif word.startswith("/"):
                place = word[1:]
            else:
                realm = word
        session = self.sessions[name] = Session(name, await self._connect(kind, place))
        if verb == "open":
            return
        details = {"roles": ROLES}
        if user:
            details |= {"authid": user, "authmethods": ["ticket"]}
        session.send([HELLO, realm, details | extra])
        reply = await session.take(DEADLINE)
        if user and isinstance(reply, list) and reply[0] == CHALLENGE:
            session.send([AUTHENTICATE, f"secret-{user}", {}])
            reply = await session.take(DEADLINE)
        if isinstance(reply, list) and reply[0] == WELCOME:
            self._welcomed(session, reply)
        else:
            self._record(session, reply)

    async def _connect(self, kind, place):
        sort, serializer = kind.split("-")
        return await wire.connect(sort, serializer, *self.places[f"{sort}/{place}" if place else sort])

    def _welcomed(self, session, welcome):
        session.joined = True
        self.ids[f"S.{session.name}"] = welcome[1]
        self.by_value["S", welcome[1]] = f"$S.{session.name}"

    def _signature(self, session, secret):
        if session.challenge is None:
            raise Stopped("no CHALLENGE to answer")
        method, extra = session.challenge
        if method != "wampcra":
            return secret
        key = secret.encode()
        if "salt" in extra:
            derived = hashlib.pbkdf2_hmac(
                "sha256", key, extra["salt"].encode(), extra["iterations"], extra["keylen"]
            )
            key = base64.b64encode(derived)
        digest = hmac.new(key, extra["challenge"].encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    async def _until_joined_or_ended(self, session):
        reply = await session.take(DEADLINE)
        self._record(session, reply)
        if isinstance(reply, list) and reply[0] == ABORT and "end" in self.conversation.keep:
            await self._until_ended(session)

    async def _until_goodbye(self, session):
        """After its GOODBYE a peer sends nothing, so nothing can be asked of the router: its GOODBYE is waited for."""
        while session.joined:
            reply = await session.take(DEADLINE)
            self._record(session, reply)
            if reply is None:
                session.joined = False
        await self._sync(None)

    async def _until_ended(self, session):
        """Records all that comes until the transport closes; says so if it stays open."""
        while not session.ended:
            reply = await session.take(QUIET)
            if reply is None:
                self.lines.append(f"  {session.name} still open")
                return
            self._record(session, reply)
            if isinstance(reply, list) and reply[0] == ABORT and "end" not in self.conversation.keep:
                return

    async def _sync(self, sender):
        """Waits for all that was caused, the sender's session first, then records session by session."""
        if sender is not None and not sender.joined:
            return await self._until_joined_or_ended(sender)
        everyone = [s for _, s in sorted(self.sessions.items()) if s.joined and not s.ended]
        got = {s.name: [] for s in everyone}
        first = [sender] if sender in everyone else []
        for group in (first, everyone, everyone):
            await asyncio.gather(*(self._barrier(s, got[s.name]) for s in group))
        for session in everyone:
            for message in got[session.name]:
                self._record(session, message)

    async def _barrier(self, session, got):
        if session.ended or not session.joined:
            return
        session.barrier += 1
        session.send([UNSUBSCRIBE, session.barrier, NO_SUBSCRIPTION])
        while True:
            message = await session.take(DEADLINE)
            if message is None:
                return got.append(wire.Closed("stuck: no answer to a request"))
            if isinstance(message, list) and message[:3] == [ERROR, UNSUBSCRIBE, session.barrier]:
                return
            got.append(message)
            if isinstance(message, wire.Closed):
                session.ended = True
                return
            if message[0] in (GOODBYE, ABORT):
                # The session is over and will not answer; the transport may stay.
                session.joined = False
                return

    def _record(self, session, message):
        if message is None:
            self.lines.append(f"  {session.name} < nothing")
            return
        if isinstance(message, wire.Closed):
            session.ended, session.joined = True, False
            self.lines.append(f"  {session.name} {message}")
            return
        if message[0] == WELCOME:
            self._welcomed(session, message)
        elif message[0] == CHALLENGE:
            session.challenge = message[1:3]
        elif message[0] in (ABORT, GOODBYE):
            session.joined = False
        text = json.dumps(self._normal(session, message), ensure_ascii=False, sort_keys=True)
        self.lines.append(f"  {session.name} < {text}".replace(LONG, "$LONG"))

    def _named(self, kind, value, scope=""):
        key = (kind + scope, value)
        if key not in self.by_value:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            name = f"{kind}{self.counts[kind]}"
            self.by_value[key] = f"${name}"
            self.ids[name] = value
        return self.by_value[key]

    def _normal(self, session, message):
        message = list(message)
        code = message[0]
        if code in (SUBSCRIBED, EVENT):
            at = 2 if code == SUBSCRIBED else 1
            message[at] = self._named("U", message[at])
        if code == SUBSCRIBED:
            self.topics[message[2]] = session.asked.get(message[1], "")
        if code in (PUBLISHED, EVENT):
            message[2] = self._named("P", message[2])
        if code in (REGISTERED, INVOCATION):
            message[2] = self._named("R", message[2])
        if code in (INVOCATION, INTERRUPT):
            message[1] = self._named("I", message[1], session.name)
        if code == WELCOME:
            message[1] = self._named("S", message[1])
        place = {WELCOME: 2, ABORT: 1, GOODBYE: 1, EVENT: 3, RESULT: 2, INVOCATION: 3, 35: 2, 67: 2}
        if code in place and len(message) > place[code]:
            message[place[code]] = self._details(code, message[place[code]])
        self._name_meta(session, message)
        if code == CHALLENGE and "challenge" in message[2]:
            message[2] = message[2] | {"challenge": sorted(json.loads(message[2]["challenge"]))}
        if code == RESULT and "meta" in self.conversation.keep:
            message[3:] = [self._told(part) for part in message[3:]]
        if code == ERROR and len(message) > 5 and "text" not in self.conversation.keep:
            # The router explains its errors in words of its own.
            message[5] = [_text(item) for item in message[5] or []]
            if message[5:] == [["<text>"]]:
                message.pop()
        return message

    def _told(self, value, key=None):
        """What the meta API tells, with the ids by their names and without the time of day."""
        if isinstance(value, dict):
            return {key: self._told(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._told(item) for item in value]
        if key == "authid" and re.fullmatch(r"(\w{4}-){5}\w{4}", str(value)):
            return "<random>"
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value):
            return "<time>"
        if isinstance(value, bool) or not isinstance(value, int) or (key is None and value < RANDOM):
            return value
        if key == "time_ns":
            return "<time>"
        names = (self.by_value.get((kind, value)) for kind in "SUPR")
        return next(filter(None, names), "<id>" if value >= RANDOM else value)

    def _name_meta(self, session, message):
        """Names what stands in the payload of a meta event or of a meta procedure's result."""

        def name(kind, value):
            return self.by_value.get((kind, value), f"?{kind}")

        if message[0] == RESULT and len(message) > 3 and "meta" not in self.conversation.keep:
            procedure = session.asked.get(message[1], "")
            if procedure.startswith(META):
                message[3] = [meta.result(procedure, message[3][0], name)]
        if message[0] == EVENT and len(message) > 4:
            topic = message[3].get("topic") or self.topics.get(message[1], "")
            if topic.startswith(META):
                message[4] = meta.event(topic, message[4], name)
                # Crossbar.io names the session of its own that publishes.
                message[3] = {key: value for key, value in message[3].items() if not key.startswith("publisher")}

    def _details(self, code, details):
        details = dict(details)
        kinds = {"caller": "S", "publisher": "S", "callee": "S", "subscription": "U", "registration": "R"}
        for key, kind in kinds.items():
            if isinstance(details.get(key), int):
                details[key] = self.by_value.get((kind, details[key]), f"?{kind}")
        if code == RESULT and "callee" not in self.conversation.keep:
            details = {key: value for key, value in details.items() if not key.startswith("callee")}
        if code == WELCOME:
            details = {key: value for key, value in details.items() if not key.startswith("x_")}
            details.pop("authextra", None)
            if "welcome" not in self.conversation.keep:
                details.pop("roles", None)
                details.pop("agent", None)
        for key in ("authid", "caller_authid", "publisher_authid", "callee_authid"):
            if re.fullmatch(r"(\w{4}-){5}\w{4}", str(details.get(key))):
                details[key] = "<random>"
        if "message" in details and "text" not in self.conversation.keep:
            details["message"] = _text(details["message"])
        return details


def _text(value):
    return "<text>" if isinstance(value, str) and " " in value else value
