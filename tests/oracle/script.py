"""Reads conversation scripts and plays them against a router, giving a normalised transcript.

A script file holds conversations. Each starts with `# ROW-ID name: what it shows` and has one step a line:

    NAME = join [TRANSPORT] [as USER] [REALM] [DETAILS]   open, say HELLO, be welcomed
    NAME = open [TRANSPORT] [with CERTIFICATE]            open the transport only; `join` takes a certificate, too
    NAME > MESSAGE         send, then wait until all it caused has arrived everywhere
    NAME >> MESSAGE        send only: the next `>` or `sync` waits
    NAME >batch [MESSAGE…] send messages as one batch, then wait as `>` does
    NAME >x MESSAGE        send what should end the session: wait for the end
    NAME >raw HEX          send these octets as one message, then wait for the end
    NAME >other MESSAGE    send in the wrong WebSocket frame type, then wait for the end
    NAME hello METHODS [as AUTHID] [in REALM] [with KEY] [DETAILS]
                           say HELLO with these methods (a list with commas), then wait as `>` does
    NAME answer SECRET     answer the CHALLENGE received last with a ticket, a password or a key's name
    NAME hello>> …         the same without waiting, and `answer>>`; with `>x` what should end the session
    NAME ~                 wait for one message; `~?` waits for a while only
    NAME = tcp raw|ws…     open a bare connection to a place, no handshake
    NAME octets HEX        send these octets over it and take what comes back
    NAME drop              cut the transport
    http METHOD PLACE [HEADERS]
                           one request; the method UPGRADE asks for a WebSocket
    sync                   wait until all that was caused has arrived everywhere
    @only TRANSPORT …      play over these transports only
    @callee                keep the callee's identity in RESULT
    @text                  keep the router's error texts
    @welcome               keep the roles and features of WELCOME
    @meta                  name ids and times in the arguments of RESULT
    @details               keep all that authenticators and authorizers are told
    @end                   watch whether the transport closes after an ABORT
    // …                   a remark

TRANSPORT is `ws-json`, `raw-cbor`, `ws-json.batched`, … or, with a place of the node, `ws-json/auth`; `/auth` alone keeps
the transport of the run. In a MESSAGE, `$R1`, `$U2`, `$I1`, `$P1` stand for the first registration id,
second subscription id, first invocation and first publication that the router issued, `$S.NAME` for a session id, and `$LONG` for
a text of 8,000 characters, `$KEY.x` for the public key named x and `$CHALLENGE.x` for what a client named x wants signed. A session over `raw-json.small` takes no message above 4 KiB, as it says in its handshake.

Nothing sleeps: after a step each joined session asks for something whose answer is certain (to
unsubscribe what does not exist). All that the step caused stands before that answer.
"""

import asyncio
import json
import re

import proofs
import web
import wire
from transcript import Transcript

BARRIER_FIRST = 900_000_000
NO_SUBSCRIPTION = 2**53
QUIET = 1.0
DEADLINE = 10.0
LONGEST_OCTETS = 16
HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
SUBSCRIBE, UNSUBSCRIBE, CALL, REGISTER, REGISTERED = 32, 34, 48, 64, 65

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
        elif line in ("@callee", "@text", "@welcome", "@end", "@meta", "@details"):
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
        self.challenge, self.proof = None, proofs.Proof({})
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
        if isinstance(message, list) and message[:1] == [HELLO] and isinstance(message[-1], dict):
            self.proof = proofs.Proof(message[-1])
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
        self.sessions, self.bare = {}, {}
        self.transcript = Transcript(conversation.keep)

    async def play(self):
        wire.move()
        try:
            for step in self.conversation.steps:
                self.transcript.lines.append(step)
                await self._step(step)
        except (Stopped, wire.Closed) as why:
            self.transcript.lines.append(f"  !! {why}")
        finally:
            await asyncio.gather(*(self._leave(session) for session in self.sessions.values()))
            for _, writer in self.bare.values():
                writer.transport.abort()
        return self.transcript.lines

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
        self.transcript.lines.append(f"  {name} {end} {got[:LONGEST_OCTETS].hex()}".rstrip())

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
                self.transcript.record(session, message)
        session.transport.drop()
        session.joined, session.ended = False, True
        if witness.joined:
            witness.send([CALL, 1, {}, procedure])
            if await witness.take(DEADLINE) is None:
                self.transcript.lines.append(f"  !! the router does not notice that {session.name} is gone")
        await self._leave(witness)
        await self._sync(None)

    async def _step(self, step):
        if step == "sync":
            return await self._sync(None)
        name, verb, *rest = step.split(None, 2)
        rest = rest[0] if rest else ""
        if name == "http":
            return await self._http(verb, rest)
        if verb == "=" and rest.startswith("tcp "):
            self.bare[name] = await wire.dial(*self._place(rest.split()[1])[:2])
            return
        if verb == "=":
            return await self._open(name, rest)
        if verb == "octets":
            return await self._octets(name, bytes.fromhex(rest))
        session = self.sessions[name]
        message = self._said(session, verb, rest)
        if message is not None:
            if isinstance(message, list) and message[:1] in ([CALL], [SUBSCRIBE]) and len(message) > 3:
                session.asked[message[1]] = message[3]
            session.send(message)
        if verb in (">", "hello", "answer"):
            if session.joined and message and message[0] == GOODBYE:
                return await self._until_goodbye(session)
            return await self._sync(session)
        if verb.endswith(">>"):
            return
        if verb == ">batch":
            messages = self._message(rest)
            session.transport.send(b"".join(wire.encode(session.transport.serializer, one) for one in messages))
            await self._sync(session)
        elif verb in ("~", "~?"):
            self.transcript.record(session, await session.take(QUIET if verb == "~?" else DEADLINE))
        elif verb == "drop":
            await self._drop(session)
        else:
            if verb == ">raw":
                session.transport.send(bytes.fromhex(rest))
            elif verb == ">other":
                octets = wire.encode(session.transport.serializer, self._message(rest))
                session.transport.send_other_kind(octets)
            elif not verb.endswith(">x"):
                raise SyntaxError(step)
            await self._until_ended(session)
            await self._sync(None)

    def _said(self, session, verb, rest):
        """The message that a step sends, if it sends one."""
        if verb in (">", ">>", ">x"):
            return self._message(rest)
        if verb in ("hello", "hello>>", "hello>x"):
            return self._hello(rest)
        if verb not in ("answer", "answer>>", "answer>x"):
            return None
        if session.challenge is None:
            raise Stopped("no CHALLENGE to answer")
        return [AUTHENTICATE, session.proof.answer(*session.challenge, rest), {}]

    async def _http(self, method, rest):
        place, _, headers = rest.partition(" ")
        told = await web.ask(self._place(place), method, json.loads(headers or "{}"))
        self.transcript.lines.append(f"  < {told}")

    def _hello(self, text):
        """HELLO of `METHODS [as AUTHID] [in REALM] [with KEY] [DETAILS]`."""
        words, brace, details = text.partition("{")
        methods, *words = words.split()
        said = dict(zip(words[::2], words[1::2]))
        hello, extra = {"roles": ROLES, "authmethods": methods.split(",")}, {}
        if "as" in said:
            hello["authid"] = said["as"]
        if "scram" in hello["authmethods"]:
            extra["nonce"] = proofs.NONCE
        if "with" in said:
            extra["pubkey"] = proofs.public_key(said["with"])
        more = self._message(brace + details or "{}")
        extra |= more.pop("authextra", {})
        hello |= {"authextra": extra} if extra else {}
        return [HELLO, said.get("in", "realm1"), hello | more]

    def _message(self, text):
        return json.loads(re.sub(r"(?<![\w\"])\$(\w+(?:\.\w+)?)", lambda m: str(self._id(m[1])), text))

    def _id(self, name):
        kind, _, of = name.partition(".")
        if kind in ("KEY", "CHALLENGE"):
            return json.dumps(proofs.public_key(of) if kind == "KEY" else proofs.challenge(of))
        if name not in self.transcript.ids:
            raise Stopped(f"the router issued no {name}")
        return self.transcript.ids[name]

    async def _open(self, name, rest):
        verb, *words = rest.split()
        kind, place, realm, user, extra, certificate = self.default, None, "realm1", None, {}, None
        text = rest[len(verb):].strip()
        if "{" in text:
            extra = json.loads(text[text.index("{"):])
            words = text[: text.index("{")].split()
        while words:
            word = words.pop(0)
            if word == "as":
                user, place = words.pop(0), place or "auth"
            elif word == "with":
                certificate = words.pop(0)
            elif re.match(r"(ws|raw)-[\w.]+(/\w+)?$", word):
                kind, _, at = word.partition("/")
                place = at or place
            elif word.startswith("/"):
                place = word[1:]
            else:
                realm = word
        session = self.sessions[name] = Session(name, await self._connect(kind, place, certificate))
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
            self.transcript.welcomed(session, reply)
        else:
            self.transcript.record(session, reply)

    async def _connect(self, kind, place, certificate=None):
        sort, serializer = kind.split("-")
        host, port, path, *more = self._place(f"{sort}/{place}" if place else sort)
        return await wire.connect(sort, serializer, host, port, path, *more, certificate=certificate)

    def _place(self, name):
        if name not in self.places:
            raise Stopped(f"there is no place {name}")
        return self.places[name]

    async def _until_joined_or_ended(self, session):
        reply = await session.take(DEADLINE)
        self.transcript.record(session, reply)
        if isinstance(reply, list) and reply[0] == ABORT and "end" in self.conversation.keep:
            await self._until_ended(session)

    async def _until_goodbye(self, session):
        """After its GOODBYE a peer sends nothing, so nothing can be asked of the router: its GOODBYE is waited for."""
        while session.joined:
            reply = await session.take(DEADLINE)
            self.transcript.record(session, reply)
            if reply is None:
                session.joined = False
        await self._sync(None)

    async def _until_ended(self, session):
        """Records all that comes until the transport closes; says so if it stays open."""
        while not session.ended:
            reply = await session.take(QUIET)
            if reply is None:
                self.transcript.lines.append(f"  {session.name} still open")
                return
            self.transcript.record(session, reply)
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
                self.transcript.record(session, message)

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
