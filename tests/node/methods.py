"""Writes a node directory with every method of authentication, and the file that tells the test scripts where all is.

    methods.py FOLDER [--crossbar]

The configuration, keys and certificates go to `FOLDER/.crossbar`, addresses and secrets to `FOLDER/places.json`. With
`--crossbar` the configuration leaves out what Crossbar.io does not know; once `crossbar start --cbdir FOLDER/.crossbar` is ready, the
scripts that are given that `places.json` compare it with what is expected here, but for what they say of it.
"""

import json
import pathlib
import socket
import sys

import accounts
import certificates

CROSSBAR = "--crossbar" in sys.argv[2:]
ALL = {"call": True, "register": True, "publish": True, "subscribe": True}
PORTS = ["static", "few", "tls", "mutual", "dynamic", "mutual-dynamic", "here", "missing", "limited", "strict"]
TOKENS = ["jwt", "jwt-tls", "hs", "rs", "es", "ed"]


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    (folder / ".crossbar").mkdir(parents=True, exist_ok=True)
    issuer = folder / "issuer"
    ports = free_ports(PORTS + TOKENS)
    files = certificates.write(folder / ".crossbar")
    people = accounts.make(CROSSBAR)
    listening = transports(ports, files, people, folder / ".crossbar/proxy.sock")
    if not CROSSBAR:
        listening += tokens(ports, issuer)
    config = {"version": 2, "workers": [{"type": "router", "realms": realms(), "transports": listening}]}
    (folder / ".crossbar/config.json").write_text(json.dumps(config, indent=2))
    places = {
        "crossbar": CROSSBAR,
        "ports": ports,
        "proxy": str(folder / ".crossbar/proxy.sock"),
        "issuer": None if CROSSBAR else (issuer / "address").read_text(),
        "files": files,
        "accounts": people.clients,
    }
    (folder / "places.json").write_text(json.dumps(places, indent=2))


def free_ports(names):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: one.getsockname()[1] for name, one in zip(names, held)}
    for one in held:
        one.close()
    return ports


def everything(name):
    return {"name": name, "permissions": [{"uri": "", "match": "prefix", "allow": ALL}]}


def realms():
    judge = [{"uri": "com.judge.", "match": "prefix", "allow": ALL}, {"uri": "com.judged.", "match": "prefix", "allow": ALL}]
    judged = [{"name": name, "authorizer": f"com.judge.{name}"} for name in ("judged", "judged-late", "judged-by-nobody")]
    for role in judged:
        role["authorizer"] = role["authorizer"].replace("-", "_")
    if not CROSSBAR:
        judged[1]["authorizer-timeout"] = 1
    free = [everything(name) for name in ("anonymous", "user", "device", "guest")]
    # Whoever is unknown is treated like one of the principals, whose roles therefore must all be there.
    free.append({"name": "authenticator", "permissions": []})
    return [
        {"name": "realm1", "roles": free + [{"name": "judge", "permissions": judge}] + judged},
        {"name": "realm2", "roles": [everything("user")]},
        {"name": "authenticators", "roles": [everything("authenticator")]},
    ]


def universal(port, auth, tls=None, **more):
    endpoint = {"type": "tcp", "interface": "127.0.0.1", "port": port}
    if tls is not None:
        endpoint["tls"] = tls
    return accepting(endpoint, auth, **more)


def accepting(endpoint, auth, **more):
    parts = {"auth": auth} | more
    return {
        "type": "universal",
        "endpoint": endpoint,
        "rawsocket": {"serializers": ["json", "msgpack", "cbor"]} | parts,
        "websocket": {"ws": {"type": "websocket", "serializers": ["json", "msgpack", "cbor"]} | parts},
    }


def transports(ports, files, people, unix):
    server = {"key": files["server.key"], "certificate": files["server.crt"]}
    mutual = server | {"ca_certificates": [files["ca.crt"]]}
    static = people.methods
    certified = {"tls": people.by_certificate(files)}
    slow = {} if CROSSBAR else {"authenticator-timeout": 3}
    found = [
        universal(ports["static"], static),
        universal(ports["few"], {"ticket": people.with_lost(), "wampcra": static["wampcra"]}),
        universal(ports["tls"], static, server),
        universal(ports["mutual"], certified, mutual),
        universal(ports["dynamic"], {name: dynamic(name, slow) for name in METHODS if name != "tls"}),
        universal(ports["mutual-dynamic"], {"tls": dynamic("tls", slow)}, mutual),
        universal(ports["here"], {"ticket": HERE}),
        universal(ports["missing"], {name: dynamic("missing", {}) for name in ("anonymous", "ticket", "wampcra")}),
    ]
    if CROSSBAR:
        return found
    proxies = static | {"anonymous-proxy": {"type": "static"}}
    found += [
        universal(ports["limited"], static, limits={"messages_per_second": 20, "burst": 1}),
        universal(ports["strict"], static, limits={"messages_per_second": 20, "burst": 1, "over_rate": "close"}),
        accepting({"type": "unix", "path": str(unix)}, proxies),
    ]
    return found


METHODS = ["anonymous", "ticket", "wampcra", "scram", "cryptosign", "tls"]
# The authenticator is in the realm that the client asks for, and names no role.
HERE = {"type": "dynamic", "authenticator": "com.authority.here", "default-role": "device"}


def dynamic(name, more):
    return {
        "type": "dynamic",
        "authenticator": f"com.authority.{name}",
        "authenticator-realm": "authenticators",
    } | more


def tokens(ports, issuer):
    """Transports that take the tokens of `issuer.py`: by the key set that it serves, or by one of the keys in its folder."""
    address = (issuer / "address").read_text()
    claims = {
        "issuer": "https://issuer.test/",
        "audience": "com.test.wamp",
        "leeway": 0,
        "role-claim": "groups",
        "roles": {"administrators": "user", "machines": "device"},
        "role": "guest",
        "realm-claim": "realms",
        "extra-claims": ["email"],
    }
    sources = {
        "jwt": {"jwks-url": f"{address}/jwks.json", "jwks-refresh": 10},
        "jwt-tls": {
            "jwks-url": (issuer / "secure-address").read_text() + "/jwks.json",
            "jwks-ca-certificates": [str(issuer / "tls.crt")],
        },
        "hs": {"secret": (issuer / "secret").read_text()},
        "rs": {"key-file": str(issuer / "rsa.pem"), "algorithms": ["RS256", "PS256"]},
        "es": {"key": (issuer / "ec.pem").read_text()},
        "ed": {"jwks-file": str(issuer / "ed.json")},
    }
    return [
        universal(ports[name], {"ticket": {"type": "jwt"} | source | claims}) for name, source in sources.items()
    ]


if __name__ == "__main__":
    main()
