// Runs the programs of README.md as a reader would, against a node that was started without a configuration; and its node with
// users, whose client logs in.
//
//     NODE_PATH=… node readme.cjs README.md CHROMIUM PYTHON CROSSBAR
//
// Prints a line for each program that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { execFile, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { promisify } = require("node:util");
const { chromium } = require("playwright-core");
const flags = require("./flags.cjs");

const DEADLINE = 30_000;
const [readme, executablePath, python, crossbar] = process.argv.slice(2);
const text = fs.readFileSync(readme, "utf8");

/** The first program in a language, after some words. */
function program(language, words = "") {
  const found = text.slice(text.indexOf(words)).match(new RegExp("```" + language + "\\n([\\s\\S]*?)```"));
  assert.ok(found, `README has no ${language} program after "${words}"`);
  return found[1];
}

async function run(folder, name, language, interpreter) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, program(language));
  const { stdout } = await promisify(execFile)(interpreter, [file], { timeout: DEADLINE });
  return stdout;
}

async function open(folder) {
  const file = path.join(folder, "first.html");
  fs.writeFileSync(file, program("html"));
  fs.symlinkSync(process.env.NODE_PATH, path.join(folder, "node_modules"));
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    const page = await browser.newPage();
    await page.goto(String(pathToFileURL(file)));
    await page.waitForFunction(() => /event: /.test(document.body.innerText), null, { timeout: DEADLINE });
    return await page.innerText("body");
  } finally {
    await browser.close();
  }
}

/** Makes the node with users as README says, and logs in. */
async function login(folder) {
  fs.mkdirSync(path.join(folder, ".crossbar"));
  fs.writeFileSync(path.join(folder, ".crossbar", "config.json"), program("json", "`.crossbar/config.json`"));
  fs.writeFileSync(path.join(folder, "login.cjs"), program("javascript", "`login.cjs`"));
  const certificate = text.match(/^ {4}\(umask [\s\S]*?server\.crt\)$/m);
  assert.ok(certificate, "README makes no certificate");
  const options = { cwd: folder, timeout: DEADLINE, env: { ...process.env, JOE_SECRET: "of the test" } };
  await promisify(execFile)("bash", ["-c", certificate[0]], options);
  const { stdout: checked } = await promisify(execFile)(crossbar, ["check"], options);
  assert.match(checked, /looks good/);
  const node = spawn(crossbar, ["start"], { cwd: folder, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
  try {
    await new Promise((started, failed) => {
      let printed = "";
      const hear = (piece) => {
        printed += piece;
        if (printed.includes("NODE_BOOT_COMPLETE")) started();
      };
      node.stdout.on("data", hear);
      node.stderr.on("data", hear);
      node.on("exit", () => failed(new Error(`the node ended: ${printed}`)));
      setTimeout(() => failed(new Error(`the node is not up: ${printed}`)), DEADLINE).unref();
    });
    options.env.NODE_EXTRA_CA_CERTS = path.join(folder, ".crossbar", "server.crt");
    const { stdout } = await promisify(execFile)(process.execPath, ["login.cjs"], options);
    return stdout;
  } finally {
    const ended = new Promise((end) => node.on("close", end));
    node.kill("SIGTERM");
    await ended;
  }
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "readme-"));
  let passed = 0;
  let failed = 0;
  const hold = async (name, pattern, output) => {
    try {
      assert.match(await output(), pattern);
      passed += 1;
    } catch (fault) {
      failed += 1;
      console.log(`${name}: ${fault.message}`);
    }
  };
  await hold("python", /2 \+ 3 = 5[\s\S]*event: Hello, world!/, () => run(folder, "first.py", "python", python));
  await hold("javascript", /2 \* 3 = 6[\s\S]*event: Hello, world!/, () =>
    run(folder, "first.cjs", "javascript", process.execPath),
  );
  await hold("login", /joe is a user[\s\S]*wamp\.error\.not_authorized/, () => login(folder));
  await hold("html", /6 \/ 3 = 2, event: Hello, world!/, () => open(folder));
  fs.rmSync(folder, { recursive: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

main();
