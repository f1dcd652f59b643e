// Autobahn|JS in Node.js against a router: WebSocket with JSON, MessagePack and CBOR, and long-poll.
//
//     NODE_PATH=… node clients.cjs PLACES.json
//
// Prints a line for each check that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { Checks, Inbox, fails, place, within } = require("./peer.cjs");
const XMLHttpRequest = require("./xhr.cjs");
const { autobahn, joined, onPairs, serializers } = require("./autobahn.cjs");

const pairs = {
  async r01_r02_r03_calls(one, two) {
    const registration = await two.session.register("com.js.add", (args, kwargs) => args[0] + (kwargs.b ?? args[1]));
    assert.strictEqual(await one.session.call("com.js.add", [2, 3]), 5);
    assert.strictEqual(await one.session.call("com.js.add", [2], { b: -3 }), -1);
    await two.session.unregister(registration);
    await fails(one.session.call("com.js.add", [2, 3]), "wamp.error.no_such_procedure");
  },

  async f01_f02_f03_values(one, two) {
    await two.session.register("com.js.echo", (args) => args[0]);
    for (const value of [null, true, 0, -1, 2 ** 31, 2 ** 53 - 1, 0.5, "", "hé 日", [1, [2, []]], { a: { b: null } }]) {
      assert.deepStrictEqual(await one.session.call("com.js.echo", [value]), value);
    }
    const big = "x".repeat(200_000);
    assert.strictEqual(await one.session.call("com.js.echo", [big]), big);
  },

  async r03_several_results(one, two) {
    await two.session.register("com.js.several", () => new autobahn.Result([1, 2], { k: 3 }));
    const result = await one.session.call("com.js.several");
    assert.deepStrictEqual([result.args, result.kwargs], [[1, 2], { k: 3 }]);
  },

  async r04_errors(one, two) {
    await two.session.register("com.js.fail", () => {
      throw new autobahn.Error("com.js.error", ["why", 7], { detail: { k: 1 } });
    });
    const raised = await fails(one.session.call("com.js.fail"), "com.js.error");
    assert.deepStrictEqual([raised.args, raised.kwargs], [["why", 7], { detail: { k: 1 } }]);
  },

  async c01_progress(one, two) {
    const got = [];
    await two.session.register("com.js.count", (args, kwargs, details) => {
      for (let number = 0; number < args[0]; number++) details.progress([number]);
      return "done";
    });
    const pending = one.session.call("com.js.count", [3], {}, { receive_progress: true });
    const result = await new Promise((resolve, reject) => pending.then(resolve, reject, (step) => got.push(step)));
    assert.strictEqual(result, "done");
    assert.deepStrictEqual(got, [0, 1, 2]);
  },

  async p01_p02_p03_p04_events(one, two) {
    const inbox = new Inbox();
    const subscription = await two.session.subscribe("com.js.topic", (args, kwargs) => inbox.put([args, kwargs]));
    const receipt = await one.session.publish("com.js.topic", [1, "two"], { v: [] }, { acknowledge: true });
    assert.ok(receipt.id > 0);
    assert.deepStrictEqual(await inbox.take(), [[1, "two"], { v: [] }]);
    for (let number = 0; number < 100; number++) one.session.publish("com.js.topic", [number]);
    for (let number = 0; number < 100; number++) assert.deepStrictEqual((await inbox.take())[0], [number]);
    await two.session.unsubscribe(subscription);
    await one.session.publish("com.js.topic", [], {}, { acknowledge: true });
    await two.session.subscribe("com.js.other", () => {});
    assert.deepStrictEqual(inbox.items, []);
  },

  async p09_own_events(one) {
    const inbox = new Inbox();
    await one.session.subscribe("com.js.own", (args) => inbox.put(args[0]));
    one.session.publish("com.js.own", [1]);
    one.session.publish("com.js.own", [2], {}, { exclude_me: false });
    assert.strictEqual(await inbox.take(), 2);
  },

  async p13_c07_patterns(one, two) {
    const inbox = new Inbox();
    const received = (args, kwargs, details) => inbox.put([args[0], details.topic]);
    await two.session.subscribe("com.js.pre", received, { match: "prefix" });
    await two.session.subscribe("com..wild.x", received, { match: "wildcard" });
    one.session.publish("com.js.prefixed.x", [1]);
    assert.deepStrictEqual(await inbox.take(), [1, "com.js.prefixed.x"]);
    one.session.publish("com.js.wild.x", [2]);
    assert.deepStrictEqual(await inbox.take(), [2, "com.js.wild.x"]);
    await two.session.register("com.js.any", (args, kwargs, details) => details.procedure, { match: "prefix" });
    assert.strictEqual(await one.session.call("com.js.anything.x"), "com.js.anything.x");
  },

  async p08_lists(one, two) {
    const inbox = new Inbox();
    await two.session.subscribe("com.js.list", (args) => inbox.put(args[0]));
    one.session.publish("com.js.list", [1], {}, { exclude: [two.session.id] });
    one.session.publish("com.js.list", [2], {}, { eligible: [two.session.id] });
    assert.strictEqual(await inbox.take(), 2);
  },

  async c09_shared(one, two) {
    await one.session.register("com.js.shared", () => "one", { invoke: "roundrobin" });
    await two.session.register("com.js.shared", () => "two", { invoke: "roundrobin" });
    const got = [];
    for (let round = 0; round < 4; round++) got.push(await one.session.call("com.js.shared"));
    assert.deepStrictEqual(got, ["one", "two", "one", "two"]);
  },

  async r01_r03_refusals(one, two) {
    await two.session.register("com.js.mine", () => 1);
    await fails(one.session.register("com.js.mine", () => 2), "wamp.error.procedure_already_exists");
    await fails(one.session.call("com.js.nothing"), "wamp.error.no_such_procedure");
  },
};

function secretOf(secret) {
  return (session, method, extra) => {
    if (method === "ticket") return secret;
    const key = extra.salt
      ? autobahn.auth_cra.derive_key(secret, extra.salt, extra.iterations, extra.keylen)
      : secret;
    return autobahn.auth_cra.sign(key, extra.challenge);
  };
}

async function a02_a03_credentials(serializer) {
  const methods = [
    ["ticket", "alice", "secret-alice", "backend"],
    ["wampcra", "peter", "secret1", "open"],
    ["wampcra", "salty", "secret2", "open"],
  ];
  for (const [method, authid, secret, role] of methods) {
    const how = (given) => ({ authmethods: [method], authid, onchallenge: secretOf(given) });
    const right = await joined(serializer, "ws/auth", how(secret));
    assert.deepStrictEqual([right.details.authid, right.details.authrole], [authid, role]);
    right.connection.close();
    await assert.rejects(joined(serializer, "ws/auth", how("wrong")), /not_authorized|authentication_denied/);
  }
}

const overLongPoll = (more = {}) =>
  joined("json", "init/ws", { transports: [{ type: "longpoll", url: place("lp", "http") }], ...more });

async function t05_longpoll(check) {
  const pair = [await overLongPoll(), await overLongPoll()];
  await check(...pair, overLongPoll);
  for (const { connection, left } of pair) {
    connection.close();
    assert.strictEqual((await within(left, "leaving")).reason, "wamp.close.goodbye_and_out");
  }
}

// A session with nothing to say outlives requests that are answered with nothing.
async function t05_longpoll_at_rest() {
  const { connection, session } = await overLongPoll();
  let rounds = 0;
  const rest = new Promise((resolve) => {
    XMLHttpRequest.answered = (address, status, text) => {
      if (address.endsWith("/receive") && status === 200 && text === "" && ++rounds === 3) resolve();
    };
  });
  await within(rest, "rest");
  await fails(session.call("com.js.nothing"), "wamp.error.no_such_procedure");
  connection.close();
}

async function t05_longpoll_refused() {
  await assert.rejects(overLongPoll({ realm: "nowhere" }), /wamp.error.no_such_realm/);
}

async function main() {
  globalThis.XMLHttpRequest = XMLHttpRequest;
  const checks = new Checks();
  await onPairs(checks, pairs);
  for (const [name, check] of Object.entries(pairs)) {
    await checks.hold(`longpoll ${name}`, () => t05_longpoll(check));
  }
  await checks.hold("longpoll at rest", t05_longpoll_at_rest);
  await checks.hold("longpoll refused", t05_longpoll_refused);
  for (const serializer of Object.keys(serializers)) {
    await checks.hold(`${serializer} credentials`, () => a02_a03_credentials(serializer));
  }
  checks.end();
}

main();
