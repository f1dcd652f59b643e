// What the scripts share: places, deadlines, inboxes, and the tally of checks.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");

const DEADLINE = 20_000;
const places = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing came`)), DEADLINE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The address of a place.
function place(name, scheme) {
  const [host, port, path] = places[name];
  return `${scheme}://${host}:${port}${path}`;
}

function url(name) {
  return place(name, "ws");
}

// The next item that a handler is given.
class Inbox {
  items = [];
  waiting = [];
  put = (item) => (this.waiting.length ? this.waiting.shift()(item) : this.items.push(item));
  take() {
    if (this.items.length) return Promise.resolve(this.items.shift());
    return within(new Promise((resolve) => this.waiting.push(resolve)), "event");
  }
}

// What a promise is rejected with.
async function fails(promise, error) {
  const raised = await within(
    promise.then(
      (result) => assert.fail(`expected ${error}, got ${JSON.stringify(result)}`),
      (raised) => raised,
    ),
    error,
  );
  if (raised instanceof assert.AssertionError) throw raised;
  assert.strictEqual(raised.errorUri ?? raised.error, error);
  return raised;
}

// Runs checks one after the other, prints those that fail and the tally, and ends the process.
class Checks {
  passed = 0;
  failed = 0;
  async hold(name, check) {
    try {
      await within(check(), name);
      this.passed += 1;
    } catch (fault) {
      this.failed += 1;
      console.log(`${name}: ${fault.message ?? JSON.stringify(fault)}`);
    }
  }
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed ? 1 : 0);
  }
}

module.exports = { Checks, Inbox, fails, place, places, url, within };
