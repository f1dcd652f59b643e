// Runs the programs of README.md as a reader would, against a node that was started without a configuration.
//
//     NODE_PATH=… node readme.cjs README.md CHROMIUM PYTHON
//
// Prints a line for each program that fails, then `N passed, N failed`.
"use strict";

const assert = require("node:assert");
const { execFile } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { promisify } = require("node:util");
const { chromium } = require("playwright-core");
const flags = require("./flags.cjs");

const DEADLINE = 30_000;
const [readme, executablePath, python] = process.argv.slice(2);
const text = fs.readFileSync(readme, "utf8");

function program(language) {
  const found = text.match(new RegExp("```" + language + "\\n([\\s\\S]*?)```"));
  assert.ok(found, `README has no ${language} program`);
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
  await hold("html", /6 \/ 3 = 2, event: Hello, world!/, () => open(folder));
  fs.rmSync(folder, { recursive: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

main();
