// Headless Chromium on the page of a node that was started without a configuration.
//
//     NODE_PATH=… node page.cjs CHROMIUM URL PYTHON
//
// The page must show by itself that a call and an event work, then again at the press of its buttons, in two windows at
// once; and the two programs that it offers must run as they stand. Prints a line for each check that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { execFile } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { promisify } = require("node:util");
const { chromium } = require("playwright-core");
const flags = require("./flags.cjs");

const DEADLINE = 30_000;
const [executablePath, url, python] = process.argv.slice(2);

// Waits until the text of an element fits.
async function shows(page, selector, pattern) {
  await page.waitForFunction(
    ([selector, source]) => new RegExp(source).test(document.querySelector(selector)?.textContent ?? ""),
    [selector, pattern.source],
    { timeout: DEADLINE },
  );
}

async function empty(page, selector) {
  await page.evaluate((selector) => document.querySelector(selector).replaceChildren(), selector);
}

async function runSnippet(page, selector, name, program, environment) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
  const file = path.join(folder, name);
  try {
    fs.writeFileSync(file, await page.textContent(selector));
    const options = { env: { ...process.env, ...environment }, timeout: DEADLINE };
    const { stdout } = await promisify(execFile)(program, [file], options);
    assert.match(stdout, /2 \+ 3 = 5/);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function main() {
  let passed = 0;
  let failed = 0;
  const browser = await chromium.launch({ executablePath, args: flags });
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => request.url().startsWith(url) || faults.push(`asks for ${request.url()}`));
  const hold = async (name, check) => {
    try {
      await check();
      passed += 1;
    } catch (fault) {
      failed += 1;
      console.log(`${name}: ${fault.message}`);
    }
  };
  await hold("the page opens", async () => {
    const answer = await page.goto(url, { timeout: DEADLINE });
    assert.strictEqual(answer.status(), 200);
  });
  await hold("it connects", () => shows(page, "#status", /^connected/));
  await hold("it calls by itself", () => shows(page, "#call-result", /= 5,/));
  await hold("it receives an event by itself", () => shows(page, "#event-log", /\S/));
  await hold("a press calls", async () => {
    await page.fill("#a", "20");
    await page.fill("#b", "22");
    await page.click("#call");
    await shows(page, "#call-result", /= 42,/);
  });
  await hold("a press publishes", async () => {
    await empty(page, "#event-log");
    await page.fill("#text", "a pressed button");
    await page.click("#publish");
    await shows(page, "#event-log", /a pressed button/);
  });
  await hold("a second window sees the events of the first", async () => {
    const second = await browser.newPage();
    await second.goto(url, { timeout: DEADLINE });
    await shows(second, "#status", /^connected/);
    await page.fill("#text", "across windows");
    await page.click("#publish");
    await shows(second, "#event-log", /across windows/);
    await second.close();
  });
  await hold("its Python program runs", async () => {
    await empty(page, "#event-log");
    await runSnippet(page, "#python", "snippet.py", python, {});
    await shows(page, "#event-log", /Python/);
  });
  await hold("its JavaScript program runs", async () => {
    await empty(page, "#event-log");
    await runSnippet(page, "#javascript", "snippet.cjs", process.execPath, {});
    await shows(page, "#event-log", /JavaScript/);
  });
  await hold("nothing goes wrong in it", async () => assert.deepStrictEqual(faults, []));
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

main();
