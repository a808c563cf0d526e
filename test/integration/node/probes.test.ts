/** Health, readiness and metrics over HTTP, as load balancers and Prometheus ask for them. */

import { spawnSync } from "node:child_process";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { request } from "node:http";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Config } from "snax";
import type { Files, World } from "../../world.ts";
import { codeOfFailure, world } from "../../world.ts";

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Asks once; `headers` may lie. */
function ask(port: number, path: string, options: object = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, host: "127.0.0.1", agent: false, ...options }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("end", () =>
        resolve({
          status: reply.statusCode ?? 0,
          type: reply.headers["content-type"] ?? "",
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** A node that answers probes. */
async function probed(
  t: TestContext,
  files: Files,
  config: Config = {},
): Promise<World & { port: number }> {
  const node = await world(t, files, { metrics: 0, ...config });
  return { ...node, port: portIn(await node.log()) };
}

function portIn(lines: readonly string[]): number {
  const line = lines.find((text) => text.endsWith("for health and metrics")) ?? "";
  return Number(/:(\d+) for/.exec(line)?.[1]);
}

/** The value of a sample; undefined if it is not there. */
function sample(body: string, name: string): number | undefined {
  const line = body.split("\n").find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

const SHOP = {
  shop: `
    export const response = {
      buy(count: number) {
        if (count < 0) throw new Error("too few");
        return count;
      },
      never() {
        return new Promise(() => {});
      },
    };
    export const accept = {
      fall() {
        throw new Error("nobody waits");
      },
    };`,
};

test("metrics count services, messages and errors by type, without asking any service", async (t) => {
  const { make, snax, port } = await probed(t, SHOP, { thread: 2 });
  const shops = await Promise.all([make("shop"), make("shop"), make("shop")]);
  for (const shop of shops) for (let i = 0; i < 5; i += 1) await shop.req.buy(i);
  await codeOfFailure(shops[0]?.req.buy(-1));
  shops[1]?.post.fall();
  await shops[1]?.req.buy(1);
  await snax.exit(shops[2] as never);
  const { status, type, body } = await ask(port, "/metrics");
  equal(status, 200);
  equal(type, "text/plain; version=0.0.4; charset=utf-8");
  equal(sample(body, 'snax_services{type="shop"}'), 2);
  equal(sample(body, 'snax_services_started_total{type="shop"}'), 3);
  equal(sample(body, 'snax_errors_total{type="shop"}'), 2);
  ok((sample(body, 'snax_messages_total{type="shop"}') ?? 0) >= 18);
  ok((sample(body, 'snax_cpu_seconds_total{type="shop"}') ?? 0) > 0);
  for (const thread of ["0", "1", "2"])
    equal(sample(body, `snax_thread_up{thread="${thread}"}`), 1);
  equal(sample(body, "snax_ready"), 1);
});

test("a node of one thread counts as well", async (t) => {
  const { make, port } = await probed(t, SHOP, { thread: 0 });
  const shop = await make("shop");
  await shop.req.buy(1);
  const { body } = await ask(port, "/metrics");
  equal(sample(body, 'snax_services{type="shop"}'), 1);
  equal(sample(body, 'snax_thread_up{thread="0"}'), 1);
  equal(sample(body, 'snax_thread_up{thread="1"}'), undefined);
});

test("a type whose handlers keep their thread for long shows it in a histogram, and others do not", async (t) => {
  const files = {
    ...SHOP,
    slow: `
      export const response = {
        burn(ms: number) {
          const until = performance.now() + ms;
          while (performance.now() < until);
        },
      };`,
  };
  const { make, port } = await probed(t, files, { thread: 1 });
  const [slow, shop] = [await make("slow"), await make("shop")];
  for (let times = 0; times < 3; times += 1) await slow.req.burn(70);
  for (let times = 0; times < 3; times += 1) await shop.req.buy(times);
  const { body } = await ask(port, "/metrics");
  const runs = (type: string, le: string): number =>
    sample(body, `snax_run_seconds_bucket{type="${type}",le="${le}"}`) ?? NaN;
  ok(runs("slow", "0.064") <= runs("slow", "+Inf") - 3, body);
  ok(runs("slow", "+Inf") >= runs("slow", "4.096"));
  equal(sample(body, 'snax_run_seconds_count{type="slow"}'), runs("slow", "+Inf"));
  ok((sample(body, 'snax_run_seconds_sum{type="slow"}') ?? 0) >= 0.21);
  ok(runs("shop", "+Inf") >= 3);
});

test("a node that does not count CPU time has no runs to tell of", async (t) => {
  const { make, port } = await probed(t, SHOP, { profile: false });
  await (await make("shop")).req.buy(1);
  const { body } = await ask(port, "/metrics");
  equal(sample(body, 'snax_run_seconds_count{type="shop"}'), 0);
});

test("every line of the metrics is one that Prometheus reads", async (t) => {
  const { make, port } = await probed(t, { 房间: "export const response = {};", ...SHOP });
  await make("房间");
  await make("shop");
  const { body } = await ask(port, "/metrics");
  match(body, /^snax_services\{type="房间"\} 1$/m);
  const known = new Set<string>();
  for (const line of body.trimEnd().split("\n")) {
    match(
      line,
      /^# HELP \w+ .+$|^# TYPE \w+ (?:counter|gauge|histogram)$|^\w+(?:\{\w+="[^"\n]*"(?:,le="[\d.+Inf]+")?\})? [\d.e+-]+$/,
    );
    if (line.startsWith("# TYPE")) known.add(line.split(" ")[2] ?? "");
    else if (!line.startsWith("#"))
      ok(known.has(/^\w+?(?=_bucket|_sum|_count|\b)/.exec(line)?.[0] ?? ""), line);
  }
  // The tool of Prometheus itself, where it is installed; the project's own CI installs it.
  const tool = spawnSync("promtool", ["check", "metrics"], { input: body, encoding: "utf8" });
  if (tool.error === undefined) deepEqual([tool.stderr, tool.status], ["", 0]);
  else equal(process.env["SNAX_TEST_PROMTOOL"], undefined, "promtool is not there");
});

test("a thread whose handler loops makes the node unhealthy, and the process is still healthy by itself", async (t) => {
  const { make, port } = await probed(
    t,
    { loop: `export const accept = { spin() { for (;;); } };` },
    { thread: 2, stall: { warn: 0, interrupt: 0 }, stoptimeout: 100 },
  );
  const before = await ask(port, "/healthz");
  equal(before.status, 200);
  match(before.type, /^application\/json/);
  deepEqual(Object.keys((JSON.parse(before.body) as { threads: object }).threads), ["0", "1", "2"]);
  const loop = await make("loop");
  loop.post.spin();
  let health = before;
  while (health.status === 200) health = await ask(port, "/healthz");
  equal(health.status, 503);
  const {
    ok: isOk,
    reason,
    threads,
  } = JSON.parse(health.body) as {
    ok: boolean;
    reason: string;
    threads: Record<string, { ok: boolean }>;
  };
  equal(isOk, false);
  match(reason, /^thread [12] is silent$/);
  deepEqual(Object.values(threads).filter((thread) => thread.ok).length, 2);
  equal((await ask(port, "/healthz?process=1")).status, 200);
  const ready = await ask(port, "/readyz");
  deepEqual([ready.status, JSON.parse(ready.body)], [503, { ok: false, reason }]);
  const { body } = await ask(port, "/metrics");
  equal(body.match(/^snax_thread_up\{thread="\d"\} 0$/gm)?.length, 1);
  equal(sample(body, "snax_ready"), 0);
});

test("a node is not ready while its first service starts, and is ready from then on", async (t) => {
  const hold = new Int32Array(new SharedArrayBuffer(4));
  const files = {
    main: `
      import { skynet } from "snax";
      skynet.start(async () => {
        const hold = skynet.getenv<Int32Array>("hold");
        while (Atomics.load(hold, 0) === 0) await skynet.sleep(1);
      });`,
  };
  // The node answers before \`start\` resolves: its address is asked of the log file.
  const { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const { start } = await import("snax");
  const folder = mkdtempSync(join(tmpdir(), "snax-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "main.ts"), files.main);
  const logger = join(folder, "node.log");
  const config = { services: `${folder}/?.ts`, logger, metrics: 0, start: "main", hold, thread: 0 };
  const starting = start(config);
  t.after(async () => await (await starting).stop());
  let port = NaN;
  while (Number.isNaN(port)) {
    await new Promise((resolve) => setImmediate(resolve));
    if (existsSync(logger)) port = portIn(readFileSync(logger, "utf8").trimEnd().split("\n"));
  }
  const early = await ask(port, "/readyz");
  deepEqual([early.status, JSON.parse(early.body)], [503, { ok: false, reason: "starting" }]);
  equal((await ask(port, "/healthz")).status, 200);
  Atomics.store(hold, 0, 1);
  await starting;
  equal((await ask(port, "/readyz")).status, 200);
});

test("the address of metrics runs no command, whatever is asked of it", async (t) => {
  const { port, make } = await probed(t, SHOP);
  const shop = await make("shop");
  equal((await ask(port, "/list")).status, 404);
  equal((await ask(port, "/metrics/x")).status, 404);
  equal((await ask(port, "/__proto__")).status, 404);
  equal((await ask(port, "/metrics", { method: "POST" })).status, 405);
  equal((await ask(port, "/kill/8", { method: "POST" })).status, 405);
  const head = await ask(port, "/healthz", { method: "HEAD" });
  deepEqual([head.status, head.body], [200, ""]);
  equal(await shop.req.buy(1), 1);
});

test("a page of another site can't read the metrics of this machine", async (t) => {
  const { port } = await probed(t, {});
  const browsers = [
    { host: "evil.example" },
    { host: `127.0.0.1:${port}`, origin: "https://evil.example" },
    { host: `127.0.0.1:${port}`, "sec-fetch-site": "cross-site" },
  ];
  for (const headers of browsers) equal((await ask(port, "/metrics", { headers })).status, 403);
});

test("a console answers the same on its port, behind its token", async (t) => {
  const consoletoken = "0123456789abcdef";
  const { log } = await world(t, {}, { console: 0, consoletoken });
  const line = (await log()).find((text) => text.startsWith("Start debug console")) ?? "";
  const port = Number(/:(\d+)$/.exec(line)?.[1]);
  equal((await ask(port, "/healthz")).status, 403);
  const headers = { authorization: `Bearer ${consoletoken}` };
  for (const path of ["/healthz", "/readyz", "/metrics"])
    equal((await ask(port, path, { headers })).status, 200);
});

test("a service of the program's own named metrics is its own", async (t) => {
  const { make, port } = await probed(t, {
    metrics: `export const response = { mine() { return "mine"; } };`,
  });
  equal(await (await make("metrics")).req.mine(), "mine");
  equal((await ask(port, "/readyz")).status, 200);
});

test("an address that is taken ends the start with a clear error", async (t) => {
  const { port } = await probed(t, {});
  equal(await codeOfFailure(world(t, {}, { metrics: port })), "ERR_LISTEN");
});
