// The advanced features with Autobahn|JS, in the manner of its examples.
//
//     NODE_PATH=… node features.cjs PLACES.json
//
// Prints a line for each check that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { Checks, Inbox, fails } = require("./peer.cjs");
const { autobahn, onPairs } = require("./autobahn.cjs");

const ACKNOWLEDGE = { acknowledge: true };

// A procedure that never answers, and an inbox that tells when it is called.
function hanging() {
  const started = new Inbox();
  const hang = () => {
    started.put(true);
    return new Promise(() => {});
  };
  return [hang, started];
}

function chosen(object, wanted) {
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, object[key]]));
}

const pairs = {
  async c01_an_error_may_follow_progress(one, two) {
    const got = [];
    await two.session.register("com.feature.count", (args, kwargs, details) => {
      for (let number = 0; number < args[0]; number++) details.progress([number], { half: number / 2 });
      throw new autobahn.Error("com.feature.broken", ["after"]);
    });
    const pending = one.session.call("com.feature.count", [2], {}, { receive_progress: true });
    const ended = new Promise((resolve, reject) =>
      pending.then(resolve, reject, (step) => got.push([step.args, step.kwargs])),
    );
    const raised = await fails(ended, "com.feature.broken");
    assert.deepStrictEqual(raised.args, ["after"]);
    assert.deepStrictEqual(got, [[[0], { half: 0 }], [[1], { half: 0.5 }]]);
  },

  async c03_a_timeout_ends_the_call(one, two) {
    const [hang, started] = hanging();
    await two.session.register("com.feature.slow", hang);
    const pending = one.session.call("com.feature.slow", [], {}, { timeout: 300 });
    await started.take();
    await fails(pending, "wamp.error.timeout");
  },

  async c04_kill_of_a_callee_that_cannot_be_interrupted(one, two) {
    const [hang, started] = hanging();
    await two.session.register("com.feature.hang", hang);
    const pending = one.session.call("com.feature.hang");
    await started.take();
    pending.cancel({ mode: "kill" });
    await fails(pending, "wamp.error.canceled");
  },

  async c05_p10_who_asks_to_be_named_is(one, two) {
    const inbox = new Inbox();
    await two.session.register("com.feature.who", (args, kwargs, details) => details.caller ?? null);
    await two.session.subscribe("com.feature.who", (args, kwargs, details) => inbox.put(details.publisher ?? null));
    const named = await one.session.call("com.feature.who", [], {}, { disclose_me: true });
    assert.strictEqual(named, one.session.id);
    assert.strictEqual(await one.session.call("com.feature.who"), null);
    one.session.publish("com.feature.who", [], {}, { disclose_me: true });
    assert.strictEqual(await inbox.take(), one.session.id);
  },

  async c07_the_best_pattern_serves(one, two) {
    for (const [procedure, match] of [
      ["com.feature.best.", "prefix"],
      ["com.feature.best.deep.", "prefix"],
      ["com.feature..wild", "wildcard"],
      ["com.feature.best.exact", "exact"],
    ]) {
      await two.session.register(procedure, () => procedure, { match });
    }
    for (const [procedure, wanted] of [
      ["com.feature.best.exact", "com.feature.best.exact"],
      ["com.feature.best.other", "com.feature.best."],
      ["com.feature.best.deep.x", "com.feature.best.deep."],
      ["com.feature.far.wild", "com.feature..wild"],
    ]) {
      assert.strictEqual(await one.session.call(procedure), wanted);
    }
    await fails(one.session.call("com.feature.far.other"), "wamp.error.no_such_procedure");
  },

  async c08_a_revoked_callee_is_told(one, two) {
    const registration = await two.session.register("com.feature.revoked", () => 1);
    const told = registration.on_unregister;
    const args = [registration.id, two.session.id, "com.feature.reason"];
    await one.session.call("wamp.registration.remove_callee", args);
    assert.strictEqual(await told, "com.feature.reason");
    assert.strictEqual(registration.active, false);
    await fails(one.session.call("com.feature.revoked"), "wamp.error.no_such_procedure");
  },

  async c09_every_policy(one, two, join) {
    const third = await join();
    const expected = { roundrobin: [0, 1, 2, 0, 1, 2], first: [0, 0, 0, 0, 0, 0], last: [2, 2, 2, 2, 2, 2], random: null };
    for (const [invoke, wanted] of Object.entries(expected)) {
      const procedure = `com.feature.${invoke}`;
      for (const [number, callee] of [one, two, third].entries()) {
        await callee.session.register(procedure, () => number, { invoke });
      }
      const got = [];
      for (let round = 0; round < 6; round++) got.push(await one.session.call(procedure));
      if (wanted) assert.deepStrictEqual(got, wanted);
      else assert.ok(got.every((number) => [0, 1, 2].includes(number)));
    }
    third.connection.close();
  },

  async c13_the_evicted_callee_is_told(one, two) {
    const registration = await one.session.register("com.feature.force", () => "old");
    await two.session.register("com.feature.force", () => "new", { force_reregister: true });
    await registration.on_unregister;
    assert.strictEqual(await one.session.call("com.feature.force"), "new");
  },

  async p08_lists_of_authids_and_roles(one, two) {
    const inbox = new Inbox();
    await two.session.subscribe("com.feature.lists", (args) => inbox.put(args[0]));
    const [here, there] = [one.details.authid, two.details.authid];
    for (const [number, options] of [
      { exclude_authid: [there] },
      { eligible_authid: [here] },
      { exclude_authrole: ["anonymous"] },
      { eligible_authrole: ["anonymous"], eligible_authid: [there] },
    ].entries()) {
      one.session.publish("com.feature.lists", [number], {}, options);
    }
    assert.strictEqual(await inbox.take(), 3);
  },

  async p12_testaments(one, two, join) {
    const inbox = new Inbox();
    await one.session.subscribe("com.feature.testament", (args, kwargs) => inbox.put([args, kwargs]));
    const dying = await join();
    const add = (value, scope) =>
      dying.session.call("wamp.session.add_testament", ["com.feature.testament", [value], { scope }], { scope });
    await add(1, "destroyed");
    await dying.session.call("wamp.session.flush_testaments", [], { scope: "destroyed" });
    await add(2, "destroyed");
    await add(3, "detached");
    dying.connection.close();
    assert.deepStrictEqual(await inbox.take(), [[3], { scope: "detached" }]);
    assert.deepStrictEqual(await inbox.take(), [[2], { scope: "destroyed" }]);
  },

  async p16_retained_events(one, two) {
    const inbox = new Inbox();
    for (const value of [1, 2]) {
      await one.session.publish("com.feature.retained", [value], {}, { acknowledge: true, retain: true });
    }
    const received = (args, kwargs, details) => inbox.put([args[0], details.retained ?? false]);
    await two.session.subscribe("com.feature.retained", received, { get_retained: true });
    assert.strictEqual((await inbox.take())[0], 2);
    await one.session.publish("com.feature.retained", [3], {}, ACKNOWLEDGE);
    assert.strictEqual((await inbox.take())[0], 3);
  },

  async p17_a_revoked_subscriber_is_told(one, two) {
    const subscription = await two.session.subscribe("com.feature.revoked", () => {});
    const told = subscription.on_unsubscribe;
    const args = [subscription.id, two.session.id, "com.feature.reason"];
    await one.session.call("wamp.subscription.remove_subscriber", args);
    assert.strictEqual(await told, "com.feature.reason");
    assert.strictEqual(subscription.active, false);
  },

  async m01_sessions_come_and_go(one, two, join) {
    const [joins, leaves] = [new Inbox(), new Inbox()];
    await one.session.subscribe("wamp.session.on_join", (args) => joins.put(args[0]));
    await one.session.subscribe("wamp.session.on_leave", (args) => leaves.put(args[0]));
    const guest = await join();
    const wanted = { session: guest.session.id, authid: guest.details.authid, authrole: "anonymous" };
    assert.deepStrictEqual(chosen(await joins.take(), wanted), wanted);
    guest.connection.close();
    assert.strictEqual(await leaves.take(), wanted.session);
  },

  async m02_questions_about_sessions(one, two) {
    const ids = await one.session.call("wamp.session.list");
    assert.ok(ids.includes(one.session.id) && ids.includes(two.session.id));
    assert.strictEqual(await one.session.call("wamp.session.count"), ids.length);
    const details = await one.session.call("wamp.session.get", [two.session.id]);
    const wanted = { session: two.session.id, authid: two.details.authid, authrole: "anonymous" };
    assert.deepStrictEqual(chosen(details, wanted), wanted);
    await fails(one.session.call("wamp.session.get", [1]), "wamp.error.no_such_session");
  },

  async m03_a_session_is_killed(one, two, join) {
    const victim = await join();
    const kwargs = { reason: "com.feature.killed", message: "because" };
    await one.session.call("wamp.session.kill", [victim.session.id], kwargs);
    const ended = await victim.left;
    assert.strictEqual(ended.reason, "com.feature.killed");
  },

  async m04_registrations_come_and_go(one, two) {
    const inbox = new Inbox();
    for (const name of ["on_create", "on_register", "on_unregister", "on_delete"]) {
      await one.session.subscribe(`wamp.registration.${name}`, ([session, what]) => inbox.put([name, session, what]));
    }
    const registration = await two.session.register("com.feature.meta", () => 1, { match: "prefix" });
    await two.session.unregister(registration);
    const [name, session, details] = await inbox.take();
    assert.deepStrictEqual([name, session], ["on_create", two.session.id]);
    const wanted = { id: registration.id, uri: "com.feature.meta", match: "prefix", invoke: "single" };
    assert.deepStrictEqual(chosen(details, wanted), wanted);
    for (const name of ["on_register", "on_unregister", "on_delete"]) {
      assert.deepStrictEqual(await inbox.take(), [name, two.session.id, registration.id]);
    }
  },

  async m05_questions_about_registrations(one, two) {
    const { id } = await two.session.register("com.feature.asked", () => 1, { match: "prefix" });
    const ask = (what, ...args) => one.session.call(`wamp.registration.${what}`, args);
    assert.deepStrictEqual((await ask("list")).prefix, [id]);
    assert.strictEqual(await ask("lookup", "com.feature.asked", { match: "prefix" }), id);
    assert.strictEqual(await ask("match", "com.feature.asked.deep"), id);
    assert.strictEqual((await ask("get", id)).uri, "com.feature.asked");
    assert.deepStrictEqual(await ask("list_callees", id), [two.session.id]);
    assert.strictEqual(await ask("count_callees", id), 1);
  },

  async m06_subscriptions_come_and_go(one, two) {
    const inbox = new Inbox();
    for (const name of ["on_create", "on_subscribe", "on_unsubscribe", "on_delete"]) {
      await one.session.subscribe(`wamp.subscription.${name}`, ([session, what]) => inbox.put([name, session, what]));
    }
    const subscription = await two.session.subscribe("com.feature.meta", () => {}, { match: "prefix" });
    const { id } = subscription;
    await two.session.unsubscribe(subscription);
    const [name, session, details] = await inbox.take();
    assert.deepStrictEqual([name, session], ["on_create", two.session.id]);
    const wanted = { id, uri: "com.feature.meta", match: "prefix" };
    assert.deepStrictEqual(chosen(details, wanted), wanted);
    for (const name of ["on_subscribe", "on_unsubscribe", "on_delete"]) {
      assert.deepStrictEqual(await inbox.take(), [name, two.session.id, id]);
    }
  },

  async m07_questions_about_subscriptions(one, two) {
    const { id } = await two.session.subscribe("com.feature.asked", () => {}, { match: "prefix" });
    const ask = (what, ...args) => one.session.call(`wamp.subscription.${what}`, args);
    assert.deepStrictEqual((await ask("list")).prefix, [id]);
    assert.strictEqual(await ask("lookup", "com.feature.asked", { match: "prefix" }), id);
    assert.deepStrictEqual(await ask("match", "com.feature.asked.deep"), [id]);
    assert.strictEqual((await ask("get", id)).uri, "com.feature.asked");
    assert.deepStrictEqual(await ask("list_subscribers", id), [two.session.id]);
    assert.strictEqual(await ask("count_subscribers", id), 1);
  },
};

async function main() {
  const checks = new Checks();
  await onPairs(checks, pairs);
  checks.end();
}

main();
