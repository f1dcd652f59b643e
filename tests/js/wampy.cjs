// wampy against a router: WebSocket with JSON, MessagePack and CBOR.
//
//     NODE_PATH=… node wampy.cjs PLACES.json
//
// Prints a line for each check that fails, then `N passed, N failed`. As a callee wampy announces neither progressive results nor
// cancelling, and never progressive invocations although it can send them: `announcing` does it for the checks that need it.
"use strict";

const assert = require("node:assert");
const { Wampy } = require("wampy");
const { JsonSerializer } = require("wampy/JsonSerializer.js");
const { MsgpackSerializer } = require("wampy/MsgpackSerializer.js");
const { CborSerializer } = require("wampy/CborSerializer.js");
const WebSocket = require("ws");
const { Checks, Inbox, fails, url, within } = require("./peer.cjs");

const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };

async function joined(serializer, { place = "init/ws", announcing = {}, ...more } = {}) {
  const session = new Wampy(url(place), {
    ws: WebSocket,
    realm: "realm1",
    serializer: new serializers[serializer](),
    payloadSerializers: { json: new JsonSerializer(), cbor: new CborSerializer() },
    autoReconnect: false,
    ...more,
  });
  for (const [role, features] of Object.entries(announcing)) {
    Object.assign(session._wamp_features.roles[role].features, features);
  }
  session.welcome = await within(session.connect(), "joining");
  return session;
}

// The serializer of a passed-through payload: wampy writes no octets into JSON, so there it passes a text.
const inner = (serializer) => (serializer === "json" ? "json" : "cbor");

const PROGRESS = { progressive_call_results: true, call_canceling: true, progressive_call_invocations: true };

const pairs = {
  async r03_r04_calls_and_errors(one, two) {
    await two.register("com.wampy.add", ({ argsList, argsDict }) => ({ sum: argsList[0] + argsDict.b }));
    const result = await one.call("com.wampy.add", { argsList: [2], argsDict: { b: 3 } });
    assert.deepStrictEqual(result.argsDict, { sum: 5 });
    await two.register("com.wampy.fail", () => {
      throw { error: "com.wampy.error", argsList: ["why", 7], argsDict: { k: 1 }, details: {} };
    });
    const raised = await fails(one.call("com.wampy.fail"), "com.wampy.error");
    assert.deepStrictEqual([raised.argsList, raised.argsDict], [["why", 7], { k: 1 }]);
  },

  async p04_events(one, two) {
    const [inbox, own] = [new Inbox(), new Inbox()];
    await two.subscribe("com.wampy.topic", ({ argsList, argsDict }) => inbox.put([argsList, argsDict]));
    await one.subscribe("com.wampy.topic", ({ argsList }) => own.put(argsList[0]));
    await one.publish("com.wampy.topic", { argsList: [1], argsDict: { k: [2] } });
    await two.publish("com.wampy.topic", [3]);
    assert.deepStrictEqual([await inbox.take(), await own.take()], [[[1], { k: [2] }], 3]);
  },

  async p08_lists(one, two) {
    const inbox = new Inbox();
    await two.subscribe("com.wampy.lists", ({ argsList }) => inbox.put(argsList[0]));
    // With MessagePack wampy reads large ids as BigInt, which it does not take here, and writes numbers of that size as floats.
    const there = Number(two.getSessionId());
    await one.publish("com.wampy.lists", [1], { exclude: there });
    await one.publish("com.wampy.lists", [2], { eligible_authrole: "nobody" });
    await one.publish("com.wampy.lists", [3], { eligible: [there] });
    assert.strictEqual(await inbox.take(), 3);
  },

  async p10_c05_who_asks_to_be_named_is(one, two) {
    const inbox = new Inbox();
    await two.subscribe("com.wampy.who", ({ details }) => inbox.put(details.publisher));
    await two.register("com.wampy.who", ({ details }) => details.caller ?? null);
    await one.publish("com.wampy.who", [], { disclose_me: true });
    assert.strictEqual(await inbox.take(), one.getSessionId());
    const result = await one.call("com.wampy.who", [], { disclose_me: true });
    assert.strictEqual(result.argsList[0], one.getSessionId());
  },

  async p13_c07_patterns(one, two) {
    const inbox = new Inbox();
    const received = ({ details }) => inbox.put(details.topic);
    await two.subscribe("com.wampy.pre", received, { match: "prefix" });
    await two.subscribe("com..wild.x", received, { match: "wildcard" });
    await one.publish("com.wampy.prefixed.x");
    await one.publish("com.any.wild.x");
    assert.deepStrictEqual([await inbox.take(), await inbox.take()], ["com.wampy.prefixed.x", "com.any.wild.x"]);
    await two.register("com.wampy.any", ({ details }) => details.procedure, { match: "prefix" });
    assert.strictEqual((await one.call("com.wampy.anything.x")).argsList[0], "com.wampy.anything.x");
  },

  async c01_progressive_results(_one, _two, join) {
    const one = await join();
    const two = await join({ announcing: { callee: PROGRESS } });
    await two.register("com.wampy.count", ({ argsList, result_handler }) => {
      for (let number = 0; number < argsList[0]; number++) {
        result_handler({ argsList: [number], options: { progress: true } });
      }
      return ["done"];
    });
    const got = [];
    const progress_callback = ({ argsList }) => got.push(argsList[0]);
    const result = await one.call("com.wampy.count", [3], { progress_callback });
    assert.deepStrictEqual([got, result.argsList], [[0, 1, 2], ["done"]]);
    await Promise.all([one.disconnect(), two.disconnect()]);
  },

  async c02_progressive_invocations(_one, _two, join) {
    const one = await join({ announcing: { caller: PROGRESS } });
    const two = await join({ announcing: { callee: PROGRESS } });
    let sum = 0;
    const answers = [];
    await two.register("com.wampy.sum", ({ argsList, details }) => {
      sum += argsList[0];
      const last = !details.progress;
      // wampy answers every invocation; only the last answer may be final.
      return { argsList: [sum], options: last ? {} : { progress: true } };
    });
    const { result, sendData } = one.progressiveCall("com.wampy.sum", [1], {
      progress_callback: ({ argsList }) => answers.push(argsList[0]),
    });
    for (const number of [2, 3, 4]) sendData([number]);
    sendData([5], { progress: false });
    assert.deepStrictEqual((await result).argsList, [15]);
    assert.deepStrictEqual(answers, [1, 3, 6, 10]);
    await Promise.all([one.disconnect(), two.disconnect()]);
  },

  async c02_a_callee_without_the_feature_is_not_asked(_one, two, join) {
    const one = await join({ announcing: { caller: PROGRESS } });
    await two.register("com.wampy.plain", () => [1]);
    const { result } = one.progressiveCall("com.wampy.plain", [1]);
    await fails(result, "wamp.error.feature_not_supported");
    await one.disconnect();
  },

  async c03_a_timeout_ends_the_call(one, two) {
    await two.register("com.wampy.slow", () => new Promise(() => {}));
    await fails(one.call("com.wampy.slow", [], { timeout: 300 }), "wamp.error.timeout");
  },

  async c04_cancels(one, two) {
    const started = new Inbox();
    await two.register("com.wampy.hang", () => {
      started.put(true);
      return new Promise(() => {});
    });
    for (const mode of ["skip", "kill", "killnowait"]) {
      const pending = one.call("com.wampy.hang");
      const { reqId } = one.getOpStatus();
      await started.take();
      one.cancel(reqId, { mode });
      await fails(pending, "wamp.error.canceled");
    }
  },

  async c09_shared(one, two) {
    await one.register("com.wampy.shared", () => ["one"], { invoke: "roundrobin" });
    await two.register("com.wampy.shared", () => ["two"], { invoke: "roundrobin" });
    const got = [];
    for (let round = 0; round < 4; round++) got.push((await one.call("com.wampy.shared")).argsList[0]);
    assert.deepStrictEqual(got, ["one", "two", "one", "two"]);
  },

  async e01_e02_payload_passthru_of_calls(one, two, _join, serializer) {
    const ppt_serializer = inner(serializer);
    const options = { ppt_scheme: "x_custom", ppt_serializer };
    const attributes = [];
    await two.register("com.wampy.passthru", ({ argsList, argsDict, details }) => {
      attributes.push([details.ppt_scheme, details.ppt_serializer]);
      return { argsList: [argsList[0] + argsDict.b], argsDict: { so: true }, options };
    });
    const result = await one.call("com.wampy.passthru", { argsList: [2], argsDict: { b: 3 } }, options);
    assert.deepStrictEqual([result.argsList, result.argsDict], [[5], { so: true }]);
    assert.deepStrictEqual(attributes, [["x_custom", ppt_serializer]]);
    assert.strictEqual(result.details.ppt_scheme, "x_custom");
  },

  async e01_e04_payload_passthru_of_events(one, two, _join, serializer) {
    const inbox = new Inbox();
    await two.subscribe("com.wampy.passed", ({ argsList, argsDict, details }) =>
      inbox.put([argsList, argsDict, details.ppt_scheme, details.ppt_cipher, details.ppt_keyid]),
    );
    const ppt_serializer = inner(serializer);
    const ppt_scheme = ppt_serializer === "cbor" ? "wamp" : "x_custom";
    const options = { ppt_scheme, ppt_serializer, ppt_cipher: "aes256gcm", ppt_keyid: "key" };
    await one.publish("com.wampy.passed", { argsList: ["x"], argsDict: { n: 1 } }, options);
    assert.deepStrictEqual(await inbox.take(), [["x"], { n: 1 }, ppt_scheme, "aes256gcm", "key"]);
  },

  async m02_m05_m07_questions(one, two) {
    await two.register("com.wampy.asked", () => 1);
    await two.subscribe("com.wampy.asked", () => {});
    const ask = async (what, ...argsList) => (await one.call(`wamp.${what}`, argsList)).argsList[0];
    assert.ok((await ask("session.list")).includes(two.getSessionId()));
    const registration = await ask("registration.match", "com.wampy.asked");
    assert.strictEqual((await ask("registration.get", registration)).uri, "com.wampy.asked");
    const [subscription] = await ask("subscription.match", "com.wampy.asked");
    assert.strictEqual((await ask("subscription.get", subscription)).uri, "com.wampy.asked");
  },
};

async function a02_a03_credentials(serializer) {
  const wampcra = await import(require.resolve("wampy/wampcra.js"));
  const ticket = { authid: "alice", authmethods: ["ticket"], onChallenge: () => "secret-alice" };
  const cra = { authid: "salty", authmethods: ["wampcra"], onChallenge: wampcra.sign("secret2") };
  for (const credentials of [ticket, cra]) {
    const session = await joined(serializer, { place: "ws/auth", ...credentials });
    assert.strictEqual(session.welcome.authid, credentials.authid);
    await session.disconnect();
  }
  await assert.rejects(joined(serializer, { place: "ws/auth", ...ticket, onChallenge: () => "wrong" }));
}

async function main() {
  const checks = new Checks();
  for (const serializer of Object.keys(serializers)) {
    for (const [name, check] of Object.entries(pairs)) {
      await checks.hold(`wampy ${serializer} ${name}`, async () => {
        const pair = [await joined(serializer), await joined(serializer)];
        try {
          await check(...pair, (more) => joined(serializer, more), serializer);
        } finally {
          for (const session of pair) await session.disconnect();
        }
      });
    }
    await checks.hold(`wampy ${serializer} credentials`, () => a02_a03_credentials(serializer));
  }
  checks.end();
}

main();
