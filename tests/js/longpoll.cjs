// Autobahn|JS in headless Chromium over long-poll, from a page of another origin.
//
//     NODE_PATH=… node longpoll.cjs PLACES.json CHROMIUM
//
// Prints a line for each check that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { chromium } = require("playwright-core");
const flags = require("./flags.cjs");
const { Checks, place, within } = require("./peer.cjs");

// What runs in the page: a session calls itself, then the connection is closed.
async function t05_a_page_of_another_origin(page) {
  const got = await page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const connection = new autobahn.Connection({ realm: "realm1", transports: [{ type: "longpoll", url }], max_retries: 0 });
        const seen = [];
        connection.onopen = async (session, details) => {
          try {
            seen.push(details.transport.type);
            await session.register("com.page.add", (args) => args[0] + args[1]);
            seen.push(await session.call("com.page.add", [2, 3]));
            const event = new Promise((resolve) => session.subscribe("com.page.topic", (args) => resolve(args[0])).then(
              () => session.publish("com.page.topic", ["heard"], {}, { exclude_me: false }),
            ));
            seen.push(await event);
            connection.close();
          } catch (fault) {
            reject(new Error(JSON.stringify(fault)));
          }
        };
        connection.onclose = (reason, details) => {
          resolve([...seen, reason, details.reason]);
          return true;
        };
        connection.open();
      }),
    place("lp", "http"),
  );
  assert.deepStrictEqual(got, ["longpoll", 5, "heard", "closed", "wamp.close.goodbye_and_out"]);
}

async function main() {
  const checks = new Checks();
  const browser = await chromium.launch({ executablePath: process.argv[3], args: flags });
  try {
    const page = await browser.newPage();
    await page.goto(place("web/universal", "http"));
    await page.addScriptTag({ path: require.resolve("autobahn-browser/autobahn.min.js") });
    await checks.hold("a page of another origin", () => within(t05_a_page_of_another_origin(page), "page"));
  } finally {
    await browser.close();
  }
  checks.end();
}

main();
