// How Chromium is started in tests: as root, without a display, and without asking the network for anything.
"use strict";

module.exports = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
