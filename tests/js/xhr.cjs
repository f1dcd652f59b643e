// XMLHttpRequest on Node's http, as far as Autobahn|JS uses it for long-poll. Requests to one address go out one after the
// other over one connection, so that what a script sends stays in order.
"use strict";

const http = require("node:http");

const agents = new Map();

function agentFor(address) {
  if (!agents.has(address)) agents.set(address, new http.Agent({ keepAlive: true, maxSockets: 1 }));
  return agents.get(address);
}

class XMLHttpRequest {
  // Is told of each answer: address, status and text.
  static answered = () => {};

  readyState = 0;
  status = 0;
  statusText = "";
  responseText = "";
  timeout = 0;
  #headers = {};

  open(method, address) {
    this.method = method;
    this.address = address;
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  send(body) {
    const options = { method: this.method, agent: agentFor(this.address), headers: this.#headers };
    options.headers["Content-Length"] = Buffer.byteLength(body ?? "");
    const request = http.request(this.address, options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => {
        this.responseText = Buffer.concat(parts).toString();
        this.#end(response.statusCode, response.statusMessage);
      });
    });
    request.on("error", (error) => this.#end(0, error.code));
    if (this.timeout) {
      request.setTimeout(this.timeout, () => {
        this.ontimeout?.();
        request.destroy();
      });
    }
    request.end(body);
  }

  #end(status, text) {
    [this.status, this.statusText, this.readyState] = [status, text, 4];
    XMLHttpRequest.answered(this.address, status, this.responseText);
    this.onreadystatechange?.();
  }
}

module.exports = XMLHttpRequest;
