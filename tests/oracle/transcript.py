"""What came back in a conversation, so that two routers' transcripts can be compared: ids by their names, and nothing
that is different each time.
"""

import json
import re

import meta
import wire

RANDOM = 2**24
LONG = json.dumps("x" * 8000)
WELCOME, ABORT, CHALLENGE, GOODBYE, ERROR = 2, 3, 4, 6, 8
PUBLISHED, SUBSCRIBED, EVENT, RESULT, REGISTERED, INVOCATION, INTERRUPT = 17, 33, 36, 50, 65, 68, 69
RANDOM_AUTHID = re.compile(r"(\w{4}-){5}\w{4}")
META = ("wamp.session.", "wamp.registration.", "wamp.subscription.")


class Transcript:
    """The lines of one conversation, and the names of the ids in it."""

    def __init__(self, keep):
        self.keep, self.lines = keep, []
        self.ids, self.by_value, self.counts, self.topics = {"LONG": LONG}, {}, {}, {}

    def record(self, session, message):
        """Notes what a session got: a message, the end of its transport, or None."""
        if message is None:
            self.lines.append(f"  {session.name} < nothing")
            return
        if isinstance(message, wire.Closed):
            session.ended, session.joined = True, False
            self.lines.append(f"  {session.name} {message}")
            return
        if message[0] == WELCOME:
            self.welcomed(session, message)
        elif message[0] == CHALLENGE:
            session.challenge = message[1:3]
        elif message[0] in (ABORT, GOODBYE):
            session.joined = False
        text = json.dumps(self._normal(session, message), ensure_ascii=False, sort_keys=True)
        self.lines.append(f"  {session.name} < {text}".replace(LONG, "$LONG"))

    def welcomed(self, session, welcome):
        """Notes that a session is open, and its id."""
        session.joined = True
        self.ids[f"S.{session.name}"] = welcome[1]
        self.by_value["S", welcome[1]] = f"$S.{session.name}"

    def name(self, kind, value, scope=""):
        """The name of an id, which it gets when it is first seen."""
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
            message[at] = self.name("U", message[at])
        if code == SUBSCRIBED:
            self.topics[message[2]] = session.asked.get(message[1], "")
        if code in (PUBLISHED, EVENT):
            message[2] = self.name("P", message[2])
        if code in (REGISTERED, INVOCATION):
            message[2] = self.name("R", message[2])
        if code in (INVOCATION, INTERRUPT):
            message[1] = self.name("I", message[1], session.name)
        if code == WELCOME:
            message[1] = self.name("S", message[1])
        place = {WELCOME: 2, ABORT: 1, GOODBYE: 1, EVENT: 3, RESULT: 2, INVOCATION: 3, 35: 2, 67: 2}
        if code in place and len(message) > place[code]:
            message[place[code]] = self._details(session, code, message[place[code]])
        self._name_meta(session, message)
        if code == CHALLENGE:
            message[2] = session.proof.challenged(message[2])
        if code == INVOCATION:
            message[4:] = [self._asked(part) for part in message[4:]]
        if code == RESULT and "meta" in self.keep:
            message[3:] = [self._told(part) for part in message[3:]]
        if code == ERROR and len(message) > 5 and "text" not in self.keep:
            # The router explains its errors in words of its own.
            message[5] = [_text(item) for item in message[5] or []]
            if message[5:] == [["<text>"]]:
                message.pop()
        return message

    def _asked(self, value):
        """What authenticators and authorizers are asked, with the session by its name and without what tells its transport."""
        if isinstance(value, list):
            return [self._asked(item) for item in value]
        if not isinstance(value, dict) or "session" not in value or "transport" not in value:
            return "<random>" if RANDOM_AUTHID.fullmatch(str(value)) else value
        details = dict(value)
        details["session"] = self.by_value.get(("S", value["session"]), "<id>")
        if RANDOM_AUTHID.fullmatch(str(details.get("authid"))):
            details["authid"] = "<random>"
        if isinstance(details.get("authextra"), dict):
            details["authextra"] = {key: item for key, item in details["authextra"].items() if key[:2] != "x_"}
        if "details" in self.keep:
            details["transport"] = sorted(details["transport"])
            return details
        return {key: item for key, item in details.items() if key not in ("transport", "realm", "serializer")}

    def _told(self, value, key=None):
        """What the meta API tells, with the ids by their names and without the time of day."""
        if isinstance(value, dict):
            return {key: self._told(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._told(item) for item in value]
        if key == "authid" and RANDOM_AUTHID.fullmatch(str(value)):
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

        def known(kind, value):
            return self.by_value.get((kind, value), f"?{kind}")

        if message[0] == RESULT and len(message) > 3 and "meta" not in self.keep:
            procedure = session.asked.get(message[1], "")
            if procedure.startswith(META):
                message[3] = [meta.result(procedure, message[3][0], known)]
        if message[0] == EVENT and len(message) > 4:
            topic = message[3].get("topic") or self.topics.get(message[1], "")
            if topic.startswith(META):
                message[4] = meta.event(topic, message[4], known)
                # Crossbar.io names the session of its own that publishes.
                message[3] = {key: value for key, value in message[3].items() if not key.startswith("publisher")}

    def _details(self, session, code, details):
        details = dict(details)
        kinds = {"caller": "S", "publisher": "S", "callee": "S", "subscription": "U", "registration": "R"}
        for key, kind in kinds.items():
            if isinstance(details.get(key), int):
                details[key] = self.by_value.get((kind, details[key]), f"?{kind}")
        if details.get("caller_authrole") == "trusted" and details.pop("caller", "?S") == "?S":
            details["caller_authid"] = "<the router>"
        if code == RESULT and "callee" not in self.keep:
            details = {key: value for key, value in details.items() if not key.startswith("callee")}
        if code == WELCOME:
            details = {key: value for key, value in details.items() if not key.startswith("x_")}
            extra = session.proof.welcomed(details.pop("authextra", None) or {})
            details |= {"authextra": extra} if extra else {}
            if "welcome" not in self.keep:
                details.pop("roles", None)
                details.pop("agent", None)
        for key in ("authid", "caller_authid", "publisher_authid", "callee_authid"):
            if RANDOM_AUTHID.fullmatch(str(details.get(key))):
                details[key] = "<random>"
        if "message" in details and "text" not in self.keep:
            details["message"] = _text(details["message"])
        return details


def _text(value):
    return "<text>" if isinstance(value, str) and " " in value else value
