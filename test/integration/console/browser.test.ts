/** A web page in a real browser, whose name leads to the debug console by the time its scripts run (DNS rebinding). */

import { deepEqual, match, ok } from "node:assert/strict";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { NO_BROWSER, openPage } from "./browser.ts";
import { desk } from "./console-client.ts";

/** Everything by which a page makes a browser send bytes to a port. Each attack ends, whichever way. */
const ATTACKS = `
  const evil = "setenv evil 1\\nclearcache\\n";
  const own = location.host;
  const machine = "127.0.0.1:" + location.port;
  const attacks = [];
  for (const method of ["patch", "Patch", "Get", "gEt", "M-SEARCH", "kill", "setenv", "list", "auth", "GET", "POST", "PUT", "DELETE"]) {
    const body = /^get$/i.test(method) && method === "GET" ? undefined : evil;
    for (const host of [own, machine])
      for (const mode of ["cors", "no-cors"])
        attacks.push(() => fetch("http://" + host + "/setenv/evil/1", { method, body, mode }));
    attacks.push(() => new Promise((done) => {
      const request = new XMLHttpRequest();
      request.onloadend = done;
      request.open(method, "/");
      request.send(body);
    }));
  }
  for (const host of [own, machine]) {
    const url = "http://" + host + "/setenv/evil/1";
    const load = (name, more) => () => new Promise((done) => {
      const element = Object.assign(document.createElement(name), { onload: done, onerror: done }, more);
      document.body.append(element);
    });
    attacks.push(load("img", { src: url }), load("script", { src: url }), load("iframe", { src: url }));
    attacks.push(load("link", { rel: "stylesheet", href: url }));
    attacks.push(() => navigator.sendBeacon(url, evil));
    attacks.push(() => new Promise((done) => Object.assign(new EventSource(url), { onerror() { this.close(); done(); } })));
    attacks.push(() => new Promise((done) => (new WebSocket("ws://" + host + "/setenv/evil/1").onclose = done)));
    // First of all: the log takes a limited number of lines a second, and the test looks for the one about these.
    attacks.unshift(() => fetch("https://" + host + "/", { method: "POST", body: evil, mode: "no-cors" }));
    for (const enctype of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
      attacks.push(() => new Promise((done) => {
        const frame = Object.assign(document.createElement("iframe"), { name: "f" + Math.random() });
        const form = Object.assign(document.createElement("form"), { method: "post", action: url, target: frame.name, enctype });
        form.append(Object.assign(document.createElement("textarea"), { name: "setenv evil 1 #", value: evil }));
        document.body.append(frame, form);
        frame.onload = done;
        form.submit();
      }));
    attacks.push(() => new Promise((done) => {
      const urls = "turn:" + host + "?transport=tcp";
      const peer = new RTCPeerConnection({ iceServers: [{ urls, username: evil, credential: evil }] });
      peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
      peer.createDataChannel("x");
      peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    }));
  }
  const limit = () => new Promise((done) => setTimeout(done, 5000));
  (async () => {
    // The answer comes when the name leads to the console.
    await fetch(REPORT + "/served", { mode: "no-cors" });
    for (const attack of attacks)
      await Promise.race([Promise.resolve().then(attack).catch(() => {}), limit()]);
    await fetch(REPORT + "/done", { mode: "no-cors" });
  })();`;

/** A server of the attacker. */
async function serve(
  t: TestContext,
  answer: (path: string, response: ServerResponse) => void,
): Promise<Server & { readonly port: number }> {
  const server = createServer((request, response) => answer(request.url ?? "", response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

test(
  "no page of a browser runs a command, whatever it makes the browser send",
  { skip: NO_BROWSER },
  async (t) => {
    const told = new Map<string, (response: ServerResponse) => void>();
    const hears = (path: string): Promise<ServerResponse> =>
      new Promise((resolve) => told.set(path, resolve));
    const reports = await serve(t, (path, response) => told.get(path)?.(response));
    const served = hears("/served");
    const done = hears("/done");
    const html = `<!doctype html><body><script>const REPORT = "http://127.0.0.1:${reports.port}";${ATTACKS}</script>`;
    const site = await serve(t, (_path, response) => {
      response.writeHead(200, { "content-type": "text/html", connection: "close" }).end(html);
    });
    openPage(t, `http://evil.example:${site.port}/`);
    const answer = await served;
    const closed = new Promise((resolve) => site.close(resolve));
    site.closeAllConnections();
    await closed;
    const { ask, log } = await desk(t, {}, { console: site.port });
    answer.end();
    await done;
    const lines = (await log()).join("\n");
    ok(!lines.includes('ran "'), lines);
    deepEqual(await ask("getenv evil"), ["evil\tnil", "<CMD OK>"]);
    // They did arrive: the line door refuses the hello of TLS.
    match(lines, /was refused : the first line of a connection must be a command/);
  },
);
