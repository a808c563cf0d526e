/**
 * The short pages on debugging, deploying, keeping state and limits of clients: what they show
 * runs, and what they claim is seen.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import type { Debugger } from "node:inspector";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { startTest } from "snax/testing";
import { WebSocket } from "ws";
import { readGateOptions } from "../../../src/net/gate-settings.ts";
import { dial, frameOf } from "../../integration/net/peer.ts";
import { snax } from "../../integration/process.ts";
import { world, writeFiles } from "../../world.ts";
import {
  importText,
  readBlocks,
  readCode,
  readFiles,
  readPage,
  readTable,
  writeProject,
} from "./page.ts";

const debugging = readPage("debugging.md");
const deploying = readPage("deploying.md");
const state = readFiles(readPage("keeping-state.md"));
const limits = readPage("client-limits.md");

/** Packages that pages import, and that need not be installed here. */
const PACKAGES = ["pg", "ioredis", "mongodb"].map((name) => `declare module "${name}";`);

for (const page of [
  "keeping-state",
  "client-limits",
  "testing",
  "login",
  "databases",
  "profiling",
  "coming-from-colyseus",
]) {
  test(`the programs of docs/${page}.md pass the compiler`, (t) => {
    const files = { ...readFiles(readPage(`${page}.md`)), "packages.d.ts": PACKAGES.join("\n") };
    const tsc = join(process.cwd(), "node_modules/typescript/bin/tsc");
    const options = { cwd: writeProject(t, files), encoding: "utf8" } as const;
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", "."], options);
    equal(status, 0, stdout);
  });
}

interface Launch {
  readonly configurations: readonly { readonly program: string; readonly args?: string[] }[];
}

test("the launch.json of the page is the one that create-snax writes, and its arguments start a node", async (t) => {
  const shown = JSON.parse(readFiles(debugging)[".vscode/launch.json"] ?? "") as Launch;
  const template = readFileSync("create-snax/templates/shared/_vscode/launch.json", "utf8");
  deepEqual(shown, JSON.parse(template.replace(/^ *\/\/.*\n/gm, "")));
  const [{ program, args = [] } = { program: "" }] = shown.configurations;
  ok(readFileSync(program.replace("${workspaceFolder}/node_modules/snax/", "")).length > 0);
  const folder = writeFiles(t, {
    "snax.config.ts": "export default {};",
    "services/main.ts": `
      import { skynet } from "snax";
      console.log(JSON.stringify(skynet.getenv("stall")), skynet.getenv("thread"));
      skynet.start(() => skynet.abort());
    `,
  });
  const { code, stdout } = await snax(args, folder);
  match(stdout, /^\{"warn":0,"interrupt":0,"rest":1000\} 0$/m);
  equal(code, 0);
});

test("a breakpoint binds to the line of a service file that it is set on", async (t) => {
  const folder = writeFiles(t, {
    shop: `
      interface Item { readonly price: number }
      export const response = {
        price(item: Item): number {
          return item.price;
        },
      };
    `,
  });
  const node = await startTest({ services: `${folder}/?.ts` }, t);
  await node.snax.newservice("shop");
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  const ask = <T>(method: string, params: object): Promise<T> =>
    new Promise((resolve, reject) =>
      session.post(method, params, (error, result) =>
        error ? reject(error) : resolve(result as T),
      ),
    );
  await ask("Debugger.enable", {});
  const url = pathToFileURL(join(folder, "shop.ts")).href;
  const { locations } = await ask<Debugger.SetBreakpointByUrlReturnType>(
    "Debugger.setBreakpointByUrl",
    { url, lineNumber: 4 },
  );
  deepEqual(
    locations.map(({ lineNumber }) => lineNumber),
    [4],
  );
});

const ECHO = `
  import { skynet, socket } from "snax";
  let gate = 0;
  skynet.dispatch("lua", (_session, _source, _word: string, event: string, fd: number, data: Buffer) => {
    if (event === "open") skynet.send(gate, "lua", "accept", fd);
    if (event === "data") socket.send(fd, data.toString());
  });
  skynet.start(async () => {
    gate = await skynet.newservice("gate");
    const websocket = { port: 0, address: "127.0.0.1" };
    const listened = await skynet.call<{ websocket: number }>(gate, "lua", "open", { websocket });
    console.log("port", listened.websocket);
  });
`;

/** Starts \`snax start\` over the echo; resolves when its port is open. */
async function startEcho(t: TestContext) {
  const files = { "snax.config.ts": "export default { thread: 0 };", "services/main.ts": ECHO };
  const cwd = writeFiles(t, files);
  const child = spawn(process.execPath, [join(process.cwd(), "dist/cli/main.js"), "start"], {
    cwd,
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const port = await new Promise<number>((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const found = /^port (\d+)$/m.exec(text);
      if (found !== null) resolve(Number(found[1]));
    });
  });
  return { child, ended, port };
}

async function connect(t: TestContext, url: string): Promise<WebSocket> {
  const client = new WebSocket(url);
  t.after(() => client.terminate());
  await new Promise((resolve, reject) => client.once("open", resolve).once("error", reject));
  return client;
}

test("on SIGTERM a browser sees the code that the page names, and the process ends with 0", async (t) => {
  const { child, ended, port } = await startEcho(t);
  const client = await connect(t, `ws://127.0.0.1:${port}/`);
  const closed = new Promise<number>((resolve) => client.once("close", resolve));
  child.kill("SIGTERM");
  const told = /`onclose`\s+fires\s+with\s+code\s+(\d+)/.exec(deploying)?.[1];
  equal(await closed, Number(told));
  equal(await ended, 0);
});

const isThere = (program: string, argument: string): boolean =>
  spawnSync(program, [argument], { stdio: "ignore" }).status === 0;

test(
  "a web socket goes through nginx with the configuration of the page",
  { skip: !isThere("nginx", "-v") && "no nginx here" },
  async (t) => {
    const { port } = await startEcho(t);
    const folder = writeFiles(t, {});
    const place = join(folder, "nginx.sock");
    const site = (readFiles(deploying)["nginx.conf"] ?? "")
      .replace("listen 80;", `listen unix:${place};`)
      .replace("127.0.0.1:8080", `127.0.0.1:${port}`);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder};`,
    );
    const text = `daemon off; error_log ${folder}/error.log; pid ${folder}/pid; events {}
      http { access_log off; ${paths.join(" ")} ${site} }`;
    writeFileSync(join(folder, "nginx.conf"), text);
    const args = ["-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")];
    const tried = spawnSync("nginx", [...args, "-t"], { encoding: "utf8" });
    equal(tried.status, 0, tried.stderr);
    const nginx = spawn("nginx", args, { stdio: "ignore" });
    const ended = new Promise((resolve) => nginx.once("exit", resolve));
    t.after(async () => {
      nginx.kill("SIGTERM");
      await ended;
    });
    const client = await untilConnected(t, `ws+unix://${place}:/`);
    const answer = new Promise<string>((resolve) =>
      client.once("message", (data: Buffer) => resolve(data.toString())),
    );
    client.send("through nginx");
    equal(await answer, "through nginx");
  },
);

/** Connects as soon as a server listens. */
async function untilConnected(t: TestContext, url: string): Promise<WebSocket> {
  for (;;) {
    try {
      return await connect(t, url);
    } catch (error) {
      if (!/ENOENT|ECONNREFUSED/.test(String(error))) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test("what the player of the page has earned is there at the next start", async (t) => {
  const folder = writeFiles(t, { ...state, "snax.config.ts": "export default {};" });
  const printed: string[] = [];
  for (const round of [1, 2]) {
    const { code, stdout } = await snax(["start"], folder);
    equal(code, 0, String(round));
    printed.push(stdout.split("\n").find((line) => line.startsWith("coins")) ?? "");
  }
  const shown = readBlocks(readPage("keeping-state.md")).find(({ mark }) => mark === "output");
  equal(`${printed.join("\n")}\n`, shown?.text);
});

test("the player of the page writes a second after a change, and not more than once", async (t) => {
  const folder = writeFiles(t, state);
  const { snax: api, advance } = await startTest(
    { services: `${folder}/services/?.ts`, time: "virtual" },
    t,
  );
  const path = join(folder, "data/ann.json");
  const player = await api.newservice<any>("player", path);
  await player.req.earn(1);
  await player.req.earn(2);
  await advance(999);
  equal(readOr(path), "nothing");
  await advance(1);
  // The disk takes its own time.
  while (readOr(path) === "nothing") await advance(0);
  equal(readOr(path), '{"coins":3}');
});

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "nothing";
  }
}

test("the agent of the page answers ten messages at once, and cuts a client that goes on", async (t) => {
  const files = readFiles(limits);
  const { skynet, make } = await world(t, {
    "lib/bucket": "",
    "lib/bucket.ts": files["services/lib/bucket.ts"] ?? "",
    agent: files["services/agent.ts"] ?? "",
    door: `
      import { skynet, snax } from "snax";
      let gate = 0;
      export const response = {
        async open() {
          gate = await skynet.newservice("gate");
          return await skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0 });
        },
      };
      skynet.dispatch("lua", (_session, _source, _word: string, event: string, fd: number) =>
        event === "open" ? snax.newservice("agent", gate, fd) : undefined);
    `,
  });
  ok(skynet.self() > 0);
  const door = await make("door");
  const { port } = (await door.req.open()) as { port: number };
  const peer = await dial(t, port);
  for (let n = 0; n < 200; n += 1) peer.write(frameOf(`${n}`));
  for (let n = 0; n < 10; n += 1) equal(await peer.frame(), `${n}`);
  await peer.ended();
});

test("tokens come back with time, and no more than there is room for", async () => {
  const { Bucket } = await importText<{
    Bucket: new (size: number, rate: number) => { take(now: number): boolean };
  }>(readFiles(limits)["services/lib/bucket.ts"] ?? "");
  const bucket = new Bucket(2, 5);
  deepEqual(
    [0, 0, 0].map((now) => bucket.take(now)),
    [true, true, false],
  );
  deepEqual(
    [199, 201, 202].map((now) => bucket.take(now)),
    [false, true, false],
  );
  deepEqual(
    [9000, 9000, 9000].map((now) => bucket.take(now)),
    [true, true, false],
  );
});

test("the options of the table of limits are the gate's, with its defaults", () => {
  const settings = readGateOptions({ port: 0 }) as unknown as Record<string, unknown>;
  const told = readTable(limits, "against").flatMap(([, option = "", usual = ""]) => {
    const [name] = readCode(option);
    return name === undefined || name.includes(".") ? [] : [[name, usual]];
  });
  equal(told.length, 6);
  const words: Record<string, string> = { "0": "no bound", "10000": "10 s", "4194304": "4 MiB" };
  for (const [name = "", usual] of told) {
    const value = String(settings[name]);
    equal(usual, words[value] ?? value, name);
  }
});
