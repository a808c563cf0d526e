/**
 * What every driver of a cluster's engine does, whatever stands behind it. The engine is killed, stopped, and loses what it held.
 *
 * NATS is tested where its server and its packages are installed.
 */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { codeOf } from "../../../src/base/error.ts";
import { ENGINE_UNSENT_MAX } from "../../../src/base/limits.ts";
import type { Driver, DriverHost, Entry, Footing } from "../../../src/cluster/engine/driver.ts";
import { ENGINE_MESSAGE_BYTES } from "../../../src/cluster/engine/driver.ts";
import { MemoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { createNatsDriver } from "../../../src/cluster/engine/driver-nats.ts";
import { codeOfFailure, failureOf } from "../../world.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";

const HOST: DriverHost = {
  now: () => performance.now(),
  later: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** An engine that a test can hurt. */
interface Engine {
  readonly driver: () => Driver;
  readonly kill: () => Promise<void>;
  readonly start: (forgets?: boolean) => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
}

const ENGINES: Record<string, (t: TestContext) => Promise<Engine>> = {
  memory: () => {
    const engine = new MemoryEngine();
    return Promise.resolve({
      driver: () => engine.driver(HOST),
      kill: () => Promise.resolve(engine.kill()),
      start: (forgets) => {
        if (forgets === true) engine.kill(true);
        return Promise.resolve(engine.start());
      },
      pause: () => engine.pause(),
      resume: () => engine.resume(),
    });
  },
  nats: async (t) => {
    const server = await natsServer(t);
    return { ...server, driver: () => createNatsDriver(server.url, HOST) };
  },
};

/** A member, and what it was told. */
class Node {
  readonly driver: Driver;
  readonly told: string[] = [];
  readonly footings: Footing[] = [];
  #notice: () => void = () => {};

  constructor(driver: Driver) {
    this.driver = driver;
  }

  async join(t: TestContext, node: string): Promise<this> {
    const incarnation = Buffer.from(node.padEnd(8)).toString("hex").slice(0, 16);
    this.footings.push(
      await this.driver.join(
        { node, incarnation },
        {
          onUp: (footing) => {
            this.footings.push(footing);
            this.tell("up");
          },
          onDown: () => this.tell("down"),
          onHeard: (topic, bytes) => this.tell(`${topic}: ${Buffer.from(bytes).toString()}`),
        },
      ),
    );
    t.after(() => this.driver.leave());
    return this;
  }

  tell(what: string): void {
    this.told.push(what);
    this.#notice();
  }

  /** Resolves when it was told. */
  async hears(what: string): Promise<void> {
    while (!this.told.includes(what)) await new Promise<void>((done) => (this.#notice = done));
  }

  watch(kind: string): Entry[] {
    const seen: Entry[] = [];
    this.driver.watch(kind, {
      onChange: (entry) => {
        seen.push(entry);
        this.tell(`${entry.key}=${entry.value ?? "gone"}`);
      },
      onSettled: () => this.tell("settled"),
    });
    return seen;
  }
}

/** Asks until the engine is there. */
async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  while ((await codeOfFailure(ask())) === "ERR_ENGINE_DOWN") {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const [name, create] of Object.entries(ENGINES)) {
  const lack = name === "nats" ? lackOfNats() : undefined;
  if (lack !== undefined) console.log(`# ${lack}: the driver of NATS is not tested`);
  const check = (title: string, run: (t: TestContext, engine: Engine) => Promise<void>): void => {
    test(`${name}: ${title}`, { skip: lack ?? false }, async (t) => {
      await run(t, await create(t));
    });
  };

  check("of several that claim a key one gets it, and tokens only grow", async (t, engine) => {
    const nodes = await Promise.all(
      ["a", "b", "c"].map((node) => new Node(engine.driver()).join(t, node)),
    );
    const claims = nodes.map(({ driver }, index) => driver.claim("name/x", String(index), 0));
    const tokens = (await Promise.all(claims)).map((token) => token ?? 0);
    equal(tokens.filter((token) => token > 0).length, 1);
    const [{ driver }] = nodes as [Node];
    const first = (await driver.read("name/x")) as Entry;
    equal(first.value, String(tokens.findIndex((token) => token > 0)));
    equal(first.token, Math.max(...tokens));
    const second = (await driver.claim("name/x", "new", first.token)) as number;
    ok(second > first.token);
    equal(await driver.claim("name/x", "late", first.token), undefined);
    equal(await driver.claim("name/x", undefined, first.token), undefined);
    const third = (await driver.renew({ key: "name/x", value: "new", token: second })) as number;
    ok(third > second);
    equal(await driver.renew({ key: "name/x", value: "new", token: second }), undefined);
    ok((await driver.claim("name/x", undefined, third)) !== undefined);
    equal(await driver.read("name/x"), undefined);
    const again = (await driver.claim("name/x", "again", 0)) as number;
    ok(again > third);
    equal(await driver.read("name/nobody"), undefined);
  });

  check("names of any letters come back as they were", async (t, engine) => {
    const { driver } = await new Node(engine.driver()).join(t, "a");
    const watcher = await new Node(engine.driver()).join(t, "b");
    const seen = watcher.watch("name");
    await watcher.hears("settled");
    const names = ["a.b", "a b", "再见", "=", "*", ">", "a/b", "$JS.API", "_", "x".repeat(200)];
    for (const each of names) await driver.claim(`name/${each}`, `of ${each}`, 0);
    for (const each of names) await watcher.hears(`name/${each}=of ${each}`);
    deepEqual(
      seen.map(({ key }) => key),
      names.map((each) => `name/${each}`),
    );
    for (const each of names) equal((await driver.read(`name/${each}`))?.value, `of ${each}`);
  });

  check("a watch tells what is there, then what changes, of its kind alone", async (t, engine) => {
    const { driver } = await new Node(engine.driver()).join(t, "a");
    const token = (await driver.claim("node/a", "1", 0)) as number;
    await driver.claim("name/a", "other kind", 0);
    const watcher = await new Node(engine.driver()).join(t, "b");
    watcher.watch("node");
    await watcher.hears("settled");
    const next = (await driver.claim("node/a", "2", token)) as number;
    await driver.claim("node/b", "1", 0);
    await driver.claim("node/a", undefined, next);
    await watcher.hears("node/a=gone");
    await watcher.hears("node/b=1");
    deepEqual(
      watcher.told.filter((line) => !line.startsWith("node/b")),
      ["node/a=1", "settled", "node/a=2", "node/a=gone"],
    );
  });

  check("a watch of nothing is settled too", async (t, engine) => {
    const watcher = await new Node(engine.driver()).join(t, "a");
    watcher.watch("node");
    await watcher.hears("settled");
    deepEqual(watcher.told, ["settled"]);
  });

  check(
    "a watch that was asked for before the engine was there tells what is there once it is",
    async (t, engine) => {
      const a = await new Node(engine.driver()).join(t, "a");
      await a.driver.claim("name/x", "1", 0);
      await engine.kill();
      const b = new Node(engine.driver());
      b.watch("name");
      equal(await codeOfFailure(b.join(t, "b")), "ERR_ENGINE_DOWN");
      b.watch("node");
      await engine.start();
      await b.join(t, "b");
      await b.hears("name/x=1");
      await a.hears("up");
      await a.driver.claim("node/a", "2", 0);
      await b.hears("node/a=2");
    },
  );

  check("what one says to all the others hear, and itself does not", async (t, engine) => {
    const [a, b, c] = await Promise.all(
      ["a", "b", "c"].map((node) => new Node(engine.driver()).join(t, node)),
    );
    // Behind a question they all listen.
    for (const node of [a, b, c]) await node?.driver.read("node/a");
    a?.driver.broadcast("hello.再见", Buffer.from("1"));
    await b?.hears("hello.再见: 1");
    await c?.hears("hello.再见: 1");
    b?.driver.broadcast("back", Buffer.from("2"));
    await a?.hears("back: 2");
    deepEqual(a?.told, ["back: 2"]);
  });

  check("killed: all fails at once, nothing is kept, and it is found again", async (t, engine) => {
    const a = await new Node(engine.driver()).join(t, "a");
    const b = await new Node(engine.driver()).join(t, "b");
    b.watch("name");
    await b.hears("settled");
    const token = (await a.driver.claim("name/x", "1", 0)) as number;
    await b.hears("name/x=1");
    await engine.kill();
    await Promise.all([a.hears("down"), b.hears("down")]);
    const { rss } = process.memoryUsage();
    const bytes = Buffer.alloc(1000);
    let refused = 0;
    for (let index = 0; index < 200_000; index += 1) {
      try {
        a.driver.broadcast("flood", bytes);
      } catch (error) {
        if (codeOf(error) === "ERR_ENGINE_DOWN") refused += 1;
      }
    }
    equal(refused, 200_000);
    ok(process.memoryUsage().rss - rss < 64e6);
    equal(await codeOfFailure(a.driver.claim("name/y", "1", 0)), "ERR_ENGINE_DOWN");
    equal(await codeOfFailure(a.driver.read("name/x")), "ERR_ENGINE_DOWN");
    await rejects(a.driver.renew({ key: "name/x", value: "1", token }), (error) => {
      deepEqual((error as { data?: unknown }).data, { sent: false });
      return true;
    });
    await engine.start();
    await Promise.all([a.hears("up"), b.hears("up")]);
    ok((await a.driver.claim("name/x", "2", token)) !== undefined);
    await b.hears("name/x=2");
    equal(await a.driver.read("name/y"), undefined);
    ok(!b.told.some((line) => line.startsWith("flood")));
  });

  check(
    "it has lost what it held: what is gone is told, and tokens go on growing",
    async (t, engine) => {
      const a = await new Node(engine.driver()).join(t, "a");
      a.watch("name");
      await a.hears("settled");
      const token = (await a.driver.claim("name/x", "1", 0)) as number;
      await a.hears("name/x=1");
      await engine.kill();
      await a.hears("down");
      await engine.start(true);
      await a.hears("up");
      await a.hears("name/x=gone");
      ok((a.footings.at(-1)?.ageMs ?? Infinity) < 60_000);
      equal(await a.driver.claim("name/x", "2", token), undefined);
      const next = (await a.driver.claim("name/x", "2", 0)) as number;
      ok(next > token);
      await a.hears("name/x=2");
    },
  );

  check(
    "it stands still: what was asked ends, what is asked fails, and it is found again",
    async (t, engine) => {
      const a = await new Node(engine.driver()).join(t, "a");
      engine.pause();
      let unsent = 0;
      try {
        for (; unsent < 100 * ENGINE_UNSENT_MAX; unsent += 65_536) {
          a.driver.broadcast("flood", Buffer.alloc(65_536));
        }
      } catch (error) {
        if (name === "nats") match((error as Error).message, /has not taken \d+ bytes/);
      }
      if (name === "nats") ok(unsent <= ENGINE_UNSENT_MAX);
      await rejects(a.driver.claim("name/x", "1", 0), (error) => {
        equal(codeOf(error), "ERR_ENGINE_DOWN");
        deepEqual((error as { data?: unknown }).data, { sent: true });
        return true;
      });
      await a.hears("down");
      equal(await codeOfFailure(a.driver.read("name/x")), "ERR_ENGINE_DOWN");
      engine.resume();
      await a.hears("up");
      // It is unknown whether the claim was carried out; what is there is one of both.
      const found = await a.driver.read("name/x");
      ok((await a.driver.claim("name/x", "2", found?.token ?? 0)) !== undefined);
    },
  );

  for (const kind of ["claims", "reads", "broadcasts"] as const) {
    check(
      `it stands still: of ${kind} ENGINE_UNSENT_MAX bytes wait, and not one more`,
      async (t, engine) => {
        const { driver } = await new Node(engine.driver()).join(t, "a");
        const token = (await driver.claim("node/a", "1", 0)) as number;
        const key = "name/x";
        /** Has one wait that takes that number of bytes in all. */
        const wait = (bytes: number): Promise<unknown> => {
          const rest = bytes - ENGINE_MESSAGE_BYTES;
          if (kind === "reads") return driver.read(`name/${"x".repeat(rest - 5)}`);
          if (kind === "claims") return driver.claim(key, "x".repeat(rest - key.length), 0);
          // It is taken when it does not throw.
          return new Promise<void>((resolve) => {
            driver.broadcast("flood", Buffer.alloc(rest));
            resolve();
          });
        };
        // A key of NATS is short.
        const count = kind === "reads" ? 4096 : 8;
        const part = ENGINE_UNSENT_MAX / count;
        // What the engine has counts no more.
        const half = (): Promise<unknown> =>
          Promise.all(Array.from({ length: count / 2 }, () => wait(part)));
        for (let round = 0; round < 4; round += 1) await untilAnswered(half);
        await untilAnswered(() => driver.read(key));
        engine.pause();
        const waiting = Array.from({ length: count - 1 }, () => wait(part));
        // One byte too many; then what just fits, and nothing besides.
        const failure = await failureOf(wait(part + 1));
        deepEqual([failure.code, failure.data], ["ERR_ENGINE_DOWN", { sent: false }]);
        match(failure.message, /has not taken \d+ bytes, ENGINE_UNSENT_MAX/);
        waiting.push(wait(part));
        for (const more of [driver.read("name/y"), driver.claim("name/y", "", 0)]) {
          deepEqual((await failureOf(more)).data, { sent: false });
        }
        throws(() => driver.broadcast("flood", Buffer.alloc(0)), /has not taken/);
        // A lease is renewed whatever others ask.
        const renewal = failureOf(driver.renew({ key: "node/a", value: "1", token }));
        for (const each of await Promise.allSettled(waiting)) {
          if (kind === "broadcasts") equal(each.status, "fulfilled");
          else deepEqual((each as { reason?: { data?: unknown } }).reason?.data, { sent: true });
        }
        deepEqual((await renewal).data, { sent: true });
        engine.resume();
        await untilAnswered(() => wait(part));
      },
    );
  }

  check("who has left takes part no longer", async (t, engine) => {
    const a = await new Node(engine.driver()).join(t, "a");
    const b = await new Node(engine.driver()).join(t, "b");
    await b.driver.leave();
    equal(await codeOfFailure(b.driver.read("name/x")), "ERR_ENGINE_DOWN");
    a.driver.broadcast("hello", Buffer.from("1"));
    await a.driver.read("name/x");
    deepEqual(
      b.told.filter((line) => line.startsWith("hello")),
      [],
    );
  });
}

test("nats: where no server listens, joining fails", { skip: lackOfNats() ?? false }, async (t) => {
  const node = new Node(createNatsDriver("nats://127.0.0.1:1", HOST));
  equal(await codeOfFailure(node.join(t, "a")), "ERR_ENGINE_DOWN");
});
