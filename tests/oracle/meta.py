"""Names what stands in the payloads of the meta API, so that two routers' answers can be compared.

`name(kind, value)` gives the name of an id: `S` a session's, `R` a registration's, `U` a subscription's.
"""

import re

RANDOM_AUTHID = re.compile(r"(\w{4}-){5}\w{4}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FAMILIES = {"registration": "R", "subscription": "U"}


def result(procedure, value, name):
    """The one positional result of a procedure."""
    _, family, verb = procedure.split(".")
    kind = FAMILIES.get(family, "S")
    if verb in ("lookup", "match"):
        return _ids(kind, value, name)
    if verb in ("list_callees", "list_subscribers", "kill_by_authid", "kill_by_authrole"):
        return _ids("S", value, name) if isinstance(value, list) else value
    if verb == "list":
        if isinstance(value, dict):
            # Crossbar.io keeps registrations of sessions that are gone, if it has failed to remove them.
            return {key: [one for one in _ids(kind, ids, name) if one[0] != "?"] for key, ids in value.items()}
        return _ids(kind, value, name)
    if verb == "get":
        return _details(kind, value, name)
    return value


def event(topic, args, name):
    """The arguments of an event."""
    _, family, verb = topic.split(".")
    kind = FAMILIES.get(family, "S")
    if verb == "on_join":
        return [_details(kind, args[0], name)]
    if verb == "on_leave":
        return [name("S", args[0]), *map(_text, args[1:])]
    second = _details(kind, args[1], name) if verb == "on_create" else name(kind, args[1])
    return [name("S", args[0]) if args[0] is not None else None, second]


def _ids(kind, value, name):
    if isinstance(value, list):
        return sorted(name(kind, item) for item in value)
    return name(kind, value) if isinstance(value, int) else value


def _details(kind, details, name):
    details = {key: _text(value) for key, value in details.items()}
    for key in ("id", "session"):
        if key in details:
            details[key] = name(kind, details[key])
    if isinstance(details.get("transport"), dict):
        details["transport"] = sorted(details["transport"])
    if isinstance(details.get("authextra"), dict):
        details["authextra"] = sorted(details["authextra"])
    return details


def _text(value):
    if isinstance(value, str) and RANDOM_AUTHID.fullmatch(value):
        return "<random>"
    if isinstance(value, str) and TIME.fullmatch(value):
        return "<time>"
    return value
