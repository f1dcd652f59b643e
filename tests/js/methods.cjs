// Every method of authentication that Autobahn|JS and wampy have, in Node.js, with JSON, MessagePack and CBOR, plain and with TLS, at a
// node that tests/node/methods.py has set up.
//
//     NODE_PATH=… NODE_EXTRA_CA_CERTS=ca.crt node methods.cjs PLACES.json
//
// Over RawSocket Autobahn|JS speaks JSON only, and no TLS. Prints a line for each check that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const net = require("node:net");
const { Wampy } = require("wampy");
const { JsonSerializer } = require("wampy/JsonSerializer.js");
const { MsgpackSerializer } = require("wampy/MsgpackSerializer.js");
const { CborSerializer } = require("wampy/CborSerializer.js");
const nacl = require("tweetnacl");
const WebSocket = require("ws");
const { Checks, places, within } = require("./peer.cjs");
const { autobahn, opened, serializers } = require("./autobahn.cjs");

const { accounts, crossbar, files, issuer, ports } = places;

// Many refusals of one address are answered late: each connection comes from another one.
let count = 0;
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  count += 1;
  options.localAddress = `127.2.${Math.floor(count / 250)}.${(count % 250) + 1}`;
  return connect.apply(this, args);
};

// Each place: how a client of each library logs in there, with `{authid, role, method}` of who is let in.
const login = {
  ticket: ({ authid, secret }) => ({ authid, method: "ticket", onchallenge: () => secret }),
  wampcra: ({ authid, secret }) => ({
    authid,
    method: "wampcra",
    onchallenge: (_method, extra) => {
      const { auth_cra } = autobahn;
      const key = extra.salt ? auth_cra.derive_key(secret, extra.salt, extra.iterations, extra.keylen) : secret;
      return auth_cra.sign(key, extra.challenge);
    },
  }),
  cryptosign: ({ authid, key }) => {
    const pair = nacl.sign.keyPair.fromSeed(Buffer.from(key, "hex"));
    return {
      authid,
      method: "cryptosign",
      authextra: { pubkey: autobahn.auth_cryptosign.public_key(pair), channel_binding: null, challenge: null, trustroot: null },
      onchallenge: (_method, extra) => autobahn.auth_cryptosign.sign_challenge(pair, extra),
    };
  },
};

// Autobahn|JS.
function byAutobahn({ kind, serializer, port = "static", tls, certificate }) {
  const host = tls ? "localhost" : "127.0.0.1";
  const number = ports[port];
  const read = (name) => fs.readFileSync(files[name], "utf8");
  const own = certificate && { ca: read("ca.crt"), cert: read(`${certificate}.crt`), key: read(`${certificate}.key`) };
  const web = { type: "websocket", url: `${tls ? "wss" : "ws"}://${host}:${number}/ws`, tlsConfiguration: own };
  const transport = kind === "raw" ? { type: "rawsocket", host, port: number } : { ...web, serializers: [serializers[serializer]()] };
  return ({ authid, method, authextra, onchallenge }, realm = "realm1") =>
    opened({
      transports: [transport],
      realm,
      authmethods: [].concat(method ?? []),
      authid,
      authextra,
      onchallenge: (_session, ...more) => onchallenge(...more),
    });
}

const wampySerializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };

// wampy, in the form of the above.
function byWampy({ serializer, port = "static", tls }) {
  return async ({ authid, method, authextra, onchallenge }, realm = "realm1") => {
    const session = new Wampy(`${tls ? "wss://localhost" : "ws://127.0.0.1"}:${ports[port]}/ws`, {
      ws: WebSocket,
      realm,
      serializer: new wampySerializers[serializer](),
      autoReconnect: false,
      ...(method && { authid, authmethods: [].concat(method), authextra, onChallenge: onchallenge ?? (() => "") }),
    });
    const details = await within(
      session.connect().catch((raised) => Promise.reject(new Error(`closed: ${JSON.stringify(raised)}`))),
      "joining",
    );
    return {
      details,
      session: { call: async (name, args) => (await session.call(name, args)).argsList[0] },
      connection: { close: () => session.disconnect() },
    };
  };
}

// Lets in, compares what WELCOME and the meta API say, and leaves.
async function admitted(join, how, authid, role, method, provider = "static") {
  const { connection, details, session } = await join(how);
  if (authid) assert.strictEqual(details.authid, authid);
  assert.deepStrictEqual([details.authrole, details.authmethod, details.authprovider], [role, method, provider]);
  const ids = await session.call("wamp.session.list", []);
  assert.ok(ids.length > 0);
  await connection.close();
  return details;
}

async function refused(join, how, reason = /not_authorized/) {
  let joined;
  try {
    joined = await join(how);
  } catch (fault) {
    if (crossbar && /no_such_principal/.test(fault.message)) return;
    assert.match(fault.message, reason);
    return;
  }
  await joined.connection.close();
  assert.fail(`let in as ${joined.details.authid}`);
}

const checks = {
  async a01_anonymous(at, library) {
    await admitted(at(), { method: undefined }, null, "anonymous", "anonymous");
    // wampy names its methods only together with an authid and a way to answer challenges.
    if (library === "autobahn") await admitted(at(), { method: "anonymous" }, null, "anonymous", "anonymous");
  },

  async a02_tickets(at) {
    for (const kind of ["plain", "argon2", "bcrypt"]) {
      const account = accounts.ticket[kind];
      if (!account) continue;
      await admitted(at(), login.ticket(account), account.authid, account.role, "ticket");
      await refused(at(), login.ticket({ ...account, secret: "wrong" }));
    }
    await refused(at(), login.ticket({ authid: "nobody", secret: "x" }));
  },

  async a03_wampcra(at) {
    for (const kind of ["plain", "salted"]) {
      const account = accounts.wampcra[kind];
      await admitted(at(), login.wampcra(account), account.authid, account.role, "wampcra");
      await refused(at(), login.wampcra({ ...account, secret: "wrong" }));
    }
    await refused(at(), login.wampcra({ authid: "nobody", secret: "x" }));
  },

  async a05_keys(at, library) {
    const { kim, foreign } = accounts.cryptosign;
    await admitted(at(), login.cryptosign(kim), "kim", kim.role, "cryptosign");
    if (library === "autobahn") await admitted(at(), login.cryptosign({ ...kim, authid: undefined }), "kim", kim.role, "cryptosign");
    await refused(at(), login.cryptosign(foreign));
  },

  async a00_the_clients_order(at) {
    const ticket = login.ticket(accounts.ticket.plain);
    const methods = ["scram", "ticket", "wampcra"];
    await admitted(at({ port: "few", tls: false }), { ...ticket, method: methods }, "tina", "user", "ticket");
    await refused(at({ port: "few", tls: false }), login.cryptosign(accounts.cryptosign.kim), /no_auth_method/);
  },
};

const plainChecks = {
  async a02_tokens(at) {
    for (const algorithm of ["RS256", "ES256", "EdDSA"]) {
      const token = await issued({ algorithm, claims: { sub: "joe", groups: ["administrators"] } });
      const how = login.ticket({ authid: "joe", secret: token });
      await admitted(at({ port: "jwt" }), how, "joe", "user", "ticket", "jwt");
      const forged = await issued({ algorithm, claims: {}, forged: true });
      await refused(at({ port: "jwt" }), login.ticket({ authid: "joe", secret: forged }));
    }
  },
};

async function issued(what) {
  const answer = await fetch(`${issuer}/token`, { method: "POST", body: JSON.stringify(what) });
  return answer.text();
}

async function a10_certificates(serializer) {
  const at = (certificate) => byAutobahn({ kind: "ws", serializer, port: "mutual", tls: true, certificate });
  await admitted(at("gateway"), { method: "tls" }, "gateway", "device", "tls");
  await refused(at("unlisted"), { method: "tls" });
  await refused(at("stranger"), { method: "tls" }, /closed/);
  await refused(at(undefined), { method: "tls" }, /closed/);
}

// An authenticator that is a component of Autobahn|JS.
async function a12_authenticators(serializer) {
  const authority = await byAutobahn({ kind: "ws", serializer })(login.ticket(accounts.ticket.authority), "authenticators");
  const registration = await authority.session.register("com.authority.ticket", ([realm, authid, details]) => {
    if (details.ticket !== "sesame") throw new autobahn.Error("com.authority.error.js", ["no such ticket"]);
    return { realm, authid, role: "guest", extra: { asked: details.authmethod } };
  });
  for (const library of crossbar ? [byAutobahn] : [byAutobahn, byWampy]) {
    const join = library({ kind: "ws", serializer, port: "dynamic" });
    const details = await admitted(join, login.ticket({ authid: "ali", secret: "sesame" }), "ali", "guest", "ticket", "dynamic");
    assert.strictEqual(details.authextra.asked, "ticket");
    await refused(join, login.ticket({ authid: "ali", secret: "x" }), /com.authority.error.js/);
  }
  await authority.session.unregister(registration);
  authority.connection.close();
}

function* columns() {
  for (const tls of [false, true]) {
    for (const serializer of Object.keys(serializers)) {
      for (const [library, client] of [["autobahn", byAutobahn], ["wampy", byWampy]]) {
        // Crossbar.io hangs up on who is refused before wampy has read a binary refusal.
        if (crossbar && library === "wampy" && serializer !== "json") continue;
        yield { name: `${library} ws ${serializer} ${tls ? "tls" : "plain"}`, library, client, kind: "ws", serializer, tls };
      }
    }
  }
  yield { name: "autobahn raw json plain", library: "autobahn", client: byAutobahn, kind: "raw", serializer: "json", tls: false };
}

async function main() {
  const tally = new Checks();
  const column = async ({ name, library, client, ...place }) => {
    const at = (more) => client({ ...place, port: place.tls ? "tls" : "static", ...more });
    const rows = place.tls || crossbar ? checks : { ...checks, ...plainChecks };
    for (const [row, check] of Object.entries(rows)) await tally.hold(`${name} ${row}`, () => check(at, library));
  };
  await Promise.all([...columns()].map(column));
  for (const serializer of Object.keys(serializers)) {
    await tally.hold(`${serializer} certificates`, () => a10_certificates(serializer));
    await tally.hold(`${serializer} authenticators`, () => a12_authenticators(serializer));
  }
  tally.end();
}

main();
