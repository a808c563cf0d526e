/** What a service has given to its sockets and ports, when its code begins anew: what comes next meets the new code. */

import { deepEqual, equal, match } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { failureOf, world } from "../../world.ts";

const HEAD = `
import { httpd, skynet, socket } from "snax";
let count = 0;
let port = 0;
export const response = { port() { return port; }, count() { return count; } };
async function serve(id: number) {
  socket.start(id);
  count += 1;
  await socket.readline(id);
  socket.write(id, "old " + count);
  socket.close(id);
}
`;

/** Ways to give a port what takes its connections. */
const WAYS: Readonly<Record<string, string>> = {
  "a function of the top level": `
    export async function init() { const opened = await socket.listen("127.0.0.1", 0); port = opened.port; socket.start(opened.id, serve); }`,
  "a member of a table": `
    const handlers = { serve };
    export async function init() { const opened = await socket.listen("127.0.0.1", 0); port = opened.port; socket.start(opened.id, handlers.serve); }`,
  "a closure that captures nothing": `
    export async function init() {
      const opened = await socket.listen("127.0.0.1", 0);
      port = opened.port;
      socket.start(opened.id, (id) => { void serve(id); });
    }`,
  "a function given later by a handler": `
    async function open() { const opened = await socket.listen("127.0.0.1", 0); port = opened.port; socket.start(opened.id, () => {}); socket.start(opened.id, serve); }
    export async function init() { await skynet.sleep(1); await open(); }`,
  "a request of HTTP": `
    async function answer() { count += 1; return { status: 200, body: "old " + count }; }
    export async function init() { ({ port } = await httpd.listen(0, answer)); }`,
  "a request of HTTP, to a closure that captures nothing": `
    export async function init() { ({ port } = await httpd.listen(0, () => { count += 1; return { status: 200, body: text() }; })); }
    function text() { return "old " + count; }`,
};

/** Asks a port, and says what it answers last. */
async function ask(port: number): Promise<string> {
  const client = connect(port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
  return textOf(client);
}

async function textOf(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (chunk: Buffer) => (text += chunk.toString()));
  client.on("error", () => {});
  await once(client, "close");
  return text.replace(/^[^]*\r\n/, "");
}

function makeRenew(folder: string, text: string): (next: string) => void {
  return (next) => writeFileSync(join(folder, "door.ts"), text.replaceAll('"old "', `"${next} "`));
}

for (const [how, way] of Object.entries(WAYS)) {
  test(`a port calls the new code after a reload: ${how}`, async (t) => {
    const text = HEAD + way;
    const { make, snax, folder } = await world(t, { door: text });
    const door = await make("door");
    const port = (await door.req.port()) as number;
    const renew = makeRenew(folder, text);
    equal(await ask(port), "old 1");
    for (const [next, count] of [
      ["new", 2],
      ["newer", 3],
    ] as const) {
      renew(next);
      await snax.reload(door);
      equal(await ask(port), `${next} ${count}`);
      equal(await door.req.count(), count);
    }
    writeFileSync(
      join(folder, "door.ts"),
      `${text} export function reload() { throw new Error("no"); }`,
    );
    equal((await failureOf(snax.reload(door))).code, "ERR_RELOAD");
    equal(await ask(port), "newer 4");
  });
}

test("the end of a connection, and a datagram, meet the new code", async (t) => {
  const text = `
    import { socket } from "snax";
    const heard: string[] = [];
    let port = 0;
    let udp = 0;
    function ended() { heard.push("old end"); }
    function came() { heard.push("old datagram"); }
    function serve(id: number) { socket.start(id); socket.onclose(id, ended); socket.write(id, "hello"); }
    export async function init() {
      const opened = await socket.listen("127.0.0.1", 0);
      ({ port } = opened);
      socket.start(opened.id, serve);
      const id = await socket.udp(came, "127.0.0.1", 0);
      udp = Number((await socket.netstat()).find((each) => each.id === id)?.place?.replace(/.*:/, ""));
    }
    export const response = { ports() { return [port, udp]; }, heard() { return heard; } };`;
  const { make, snax, folder } = await world(t, { door: text });
  const door = await make("door");
  const [port, udp] = (await door.req.ports()) as [number, number];
  const client = connect(port, "127.0.0.1");
  await once(client, "data");
  writeFileSync(join(folder, "door.ts"), text.replaceAll('"old ', '"new '));
  await snax.reload(door);
  const sender = createSocket("udp4");
  t.after(() => sender.close());
  sender.send("x", udp, "127.0.0.1");
  while ((await door.req.heard()).length < 1);
  client.destroy();
  while ((await door.req.heard()).length < 2);
  deepEqual(await door.req.heard(), ["new datagram", "new end"]);
});

/** A port whose function is a closure of the old code. */
const CLOSURE = `${HEAD}
  export async function init() {
    const opened = await socket.listen("127.0.0.1", 0);
    port = opened.port;
    id = opened.id;
    const word = "closure";
    socket.start(id, (client) => { socket.start(client); socket.write(client, word + " old "); socket.close(client); });
  }
  let id = 0;`;

async function openClosure(t: TestContext): Promise<{
  readonly port: number;
  readonly reload: (text: string) => Promise<unknown>;
}> {
  const { make, snax, folder } = await world(t, { door: CLOSURE });
  const door = await make("door");
  return {
    port: (await door.req.port()) as number,
    reload: (text) => {
      writeFileSync(join(folder, "door.ts"), text);
      return snax.reload(door);
    },
  };
}

test("a port that has a closure of the old code refuses the reload with its line", async (t) => {
  const { port, reload } = await openClosure(t);
  for (const more of [" let more = 1;", " let more = 1; export function reload() {}"]) {
    const error = await failureOf(reload(CLOSURE + more));
    equal(error.code, "ERR_RELOAD");
    match(
      error.message,
      /^the function of socket\.start \(door\.ts:19\) is a closure: give it a function of the top level, or another one in reload\(\)$/,
    );
    equal(await ask(port), "closure old ");
  }
});

test("reload() gives a port another function, which goes on with the next reload", async (t) => {
  const { port, reload } = await openClosure(t);
  const next = `${CLOSURE} export function reload() { socket.start(id, serve); }`;
  await reload(next);
  equal(await ask(port), "old 1");
  await reload(CLOSURE.replaceAll('"old "', '"new "'));
  equal(await ask(port), "new 2");
});

test("a port that is closed meanwhile holds nothing up", async (t) => {
  const { port, reload } = await openClosure(t);
  await reload(`${CLOSURE} export async function reload() { await socket.close(id); }`);
  const client = connect(port, "127.0.0.1");
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  equal(error.code, "ECONNREFUSED");
});

test("code that reads a connection is waited for, and refuses the reload if it goes on", async (t) => {
  const text = `
    import { socket } from "snax";
    let port = 0;
    let count = 0;
    async function serve(id: number) {
      socket.start(id);
      for (;;) {
        const line = await socket.readline(id);
        if (line === undefined || line === "end") break;
        count += 1;
        socket.write(id, "old " + count + "\\n");
      }
      socket.close(id);
    }
    export async function init() { const opened = await socket.listen("127.0.0.1", 0); port = opened.port; socket.start(opened.id, serve); }
    export const response = { port() { return port; }, count() { return count; } };`;
  const { make, snax, folder } = await world(t, { door: text }, { draintimeout: 100 });
  const door = await make("door");
  const client = connect((await door.req.port()) as number, "127.0.0.1");
  t.after(() => client.destroy());
  const say = async (word: string): Promise<string> => {
    client.write(`${word}\n`);
    const [chunk] = (await once(client, "data")) as [Buffer];
    return chunk.toString();
  };
  equal(await say("a"), "old 1\n");
  writeFileSync(join(folder, "door.ts"), text.replace('"old "', '"new "'));
  const error = await failureOf(snax.reload(door));
  equal(error.code, "ERR_RELOAD");
  match(error.message, /^it has not come to rest within 100 ms .*: code that waits for a socket;/);
  equal(await say("b"), "old 2\n");
  client.write("end\n");
  await once(client, "close");
  await snax.reload(door);
  equal(await door.req.count(), 2);
});

test("a channel to a database holds no reload up", async (t) => {
  const store = `
    import { socket } from "snax";
    let port = 0;
    async function serve(id: number) {
      socket.start(id);
      for (;;) {
        const line = await socket.readline(id);
        if (line === undefined) return;
        socket.write(id, line + "\\n");
      }
    }
    export async function init() { const opened = await socket.listen("127.0.0.1", 0); port = opened.port; socket.start(opened.id, serve); }
    export const response = { port() { return port; } };`;
  const shop = `
    import { socketchannel } from "snax";
    let channel: any;
    let sessions = 0;
    const kinds: Record<string, any> = {
      order: {},
      session: { response: async (from: any) => { const [n, text] = (await from.readline()).split(" "); return [Number(n), true, text]; } },
    };
    function open(kind: string, port: number) { channel = socketchannel.channel({ host: "127.0.0.1", port, ...kinds[kind] }); }
    async function ask(kind: string, text: string) {
      if (kind === "order") return channel.request(text + "\\n", (from: any) => from.readline());
      sessions += 1;
      return channel.request(sessions + " " + text + "\\n", sessions);
    }
    export const response = { open, ask };`;
  const { make, snax, folder } = await world(t, { shop, store });
  const port = (await (await make("store")).req.port()) as number;
  for (const kind of ["order", "session"]) {
    const one = await make("shop");
    await one.req.open(kind, port);
    equal(await one.req.ask(kind, "before"), "before");
    writeFileSync(join(folder, "shop.ts"), `${shop} let more = 1;`);
    await snax.reload(one);
    equal(await one.req.ask(kind, "after"), "after");
  }
});
