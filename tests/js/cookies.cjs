// Autobahn|JS in headless Chromium, which keeps cookies: logs in, comes back, logs out.
//
//     NODE_PATH=… node cookies.cjs PLACES.json CHROMIUM
//
// Prints a line for each check that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { chromium } = require("playwright-core");
const flags = require("./flags.cjs");
const { Checks, url } = require("./peer.cjs");

const PAGE = url("ws/ws").replace("ws:", "http:").replace(/\/ws$/, "/");

// Opens a page with Autobahn|JS in it, of a host.
async function open(context, page = PAGE) {
  const opened = await context.newPage();
  await opened.goto(page);
  await opened.addScriptTag({ path: require.resolve("autobahn-browser/autobahn.min.js") });
  return opened;
}

// Connects by one of these methods. Gives how the client came in and whether it was challenged, or why it did not come in.
function connect(page, authmethods, { authid = "joe", to = url("ws/ws") } = {}) {
  return page.evaluate(
    ({ authid, authmethods, url }) =>
      new Promise((resolve) => {
        let challenged = null;
        const onchallenge = (session, method, extra) => {
          challenged = method;
          return method === "wampcra" ? autobahn.auth_cra.sign("secret!!!", extra.challenge) : "secret!!!";
        };
        const connection = new autobahn.Connection({ url, realm: "realm1", authid, authmethods, onchallenge, max_retries: 0 });
        window.ended = new Promise((closed) => {
          connection.onclose = (reason, details) => {
            resolve(details.reason);
            closed(details.reason);
            return true;
          };
        });
        connection.onopen = (session, { authid, authmethod, authprovider }) => {
          resolve({ authid, authmethod, authprovider, challenged });
        };
        window.connection = connection;
        connection.open();
      }),
    { authid, authmethods, url: to },
  );
}

function close(page, reason) {
  return page.evaluate((reason) => {
    window.connection.close(reason);
    return window.ended;
  }, reason);
}

const FIRST = { authid: "joe", authmethod: "ticket", authprovider: "static", challenged: "ticket" };
const AGAIN = { authid: "joe", authmethod: "ticket", authprovider: "cookie", challenged: null };
const NOBODY = "wamp.error.no_auth_method";

async function a11_a_browser_comes_back_without_being_asked(browser) {
  const context = await browser.newContext();
  const page = await open(context);
  assert.deepStrictEqual(await connect(page, ["cookie"]), NOBODY);
  assert.deepStrictEqual(await connect(page, ["cookie", "ticket"]), FIRST);
  await close(page);
  assert.deepStrictEqual(await connect(page, ["cookie", "ticket"]), AGAIN);
  await page.reload();
  await page.addScriptTag({ path: require.resolve("autobahn-browser/autobahn.min.js") });
  assert.deepStrictEqual(await connect(page, ["cookie", "ticket"]), AGAIN);
  const another = await open(await browser.newContext());
  assert.deepStrictEqual(await connect(another, ["cookie"]), NOBODY);
}

async function a11_no_script_reads_the_cookie(browser) {
  const context = await browser.newContext();
  const page = await open(context);
  assert.deepStrictEqual(await connect(page, ["wampcra"], { authid: "ann" }), {
    authid: "ann",
    authmethod: "wampcra",
    authprovider: "static",
    challenged: "wampcra",
  });
  const kept = await context.cookies();
  assert.deepStrictEqual(kept.map(({ name, path, httpOnly }) => [name, path, httpOnly]), [["cbtid", "/", true]]);
  assert.strictEqual(await page.evaluate(() => document.cookie), "");
}

async function a11_logging_out_ends_all_tabs(browser) {
  const context = await browser.newContext();
  const [one, two] = [await open(context), await open(context)];
  // Both tabs are open before the login.
  assert.strictEqual((await connect(two, ["cookie", "anonymous"])).authmethod, "anonymous");
  assert.deepStrictEqual(await connect(one, ["cookie", "ticket"]), FIRST);
  assert.deepStrictEqual(await connect(two, ["cookie"]), AGAIN);
  const ended = two.evaluate(() => window.ended);
  assert.strictEqual(await close(one, "wamp.close.logout"), "wamp.close.goodbye_and_out");
  assert.strictEqual(await ended, "wamp.close.logout");
  for (const page of [one, two]) {
    assert.deepStrictEqual(await connect(page, ["cookie"]), NOBODY);
  }
  assert.deepStrictEqual(await connect(one, ["cookie", "ticket"]), FIRST);
}

// Browsers send a cookie for pages of the same site: `SameSite` is of no help against a host beside one's own.
async function a11_pages_of_hosts_beside_do_not_come_in(browser) {
  const context = await browser.newContext();
  const of = (address, host) => address.replace("127.0.0.1", `${host}.site.localhost`);
  const to = of(url("ws/ws"), "app");
  const own = await open(context, of(PAGE, "app"));
  assert.deepStrictEqual(await connect(own, ["ticket"], { to }), FIRST);
  assert.deepStrictEqual(await connect(own, ["cookie"], { to }), AGAIN);
  const foreign = await open(context, of(PAGE, "beside"));
  assert.deepStrictEqual(await connect(foreign, ["cookie"], { to }), NOBODY);
  // A page that the configuration names comes in.
  const named = await open(context, of(PAGE, "named"));
  assert.deepStrictEqual(await connect(named, ["cookie"], { to }), AGAIN);
}

async function main() {
  const checks = new Checks();
  const browser = await chromium.launch({ executablePath: process.argv[3], args: flags });
  try {
    for (const check of [
      a11_a_browser_comes_back_without_being_asked,
      a11_no_script_reads_the_cookie,
      a11_logging_out_ends_all_tabs,
      a11_pages_of_hosts_beside_do_not_come_in,
    ]) {
      await checks.hold(check.name, () => check(browser));
    }
  } finally {
    await browser.close();
  }
  checks.end();
}

main();
