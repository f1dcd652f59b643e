// Connections of Autobahn|JS.
"use strict";

const autobahn = require("autobahn");
const { url, within } = require("./peer.cjs");

const serializers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};

// A connection that has joined at a place.
function joined(serializer, place, more = {}) {
  return opened({ url: url(place), realm: "realm1", serializers: [serializers[serializer]()], ...more });
}

// A connection that has joined; rejected with the close reason if it is refused. `left` is resolved with the reason of its end.
function opened(how) {
  const connection = new autobahn.Connection({
    max_retries: 0,
    on_user_error: () => {},
    on_internal_error: () => {},
    ...how,
  });
  let ended;
  const left = new Promise((resolve) => (ended = resolve));
  const opened = new Promise((resolve, reject) => {
    connection.onopen = (session, details) => resolve({ connection, session, details, left });
    connection.onclose = (reason, details) => {
      reject(new Error(`closed: ${reason} ${details.reason}`));
      ended(details);
      return true;
    };
  });
  connection.open();
  return within(opened, "joining");
}

// Holds each check on two connections.
async function onPairs(checks, all) {
  for (const serializer of Object.keys(serializers)) {
    for (const [name, check] of Object.entries(all)) {
      await checks.hold(`${serializer} ${name}`, async () => {
        const pair = [await joined(serializer, "init/ws"), await joined(serializer, "init/ws")];
        try {
          await check(...pair, () => joined(serializer, "init/ws"));
        } finally {
          for (const { connection } of pair) if (connection.isOpen) connection.close();
        }
      });
    }
  }
}

module.exports = { autobahn, joined, onPairs, opened, serializers };
