/**
 * A node with 10,000 counters drains under traffic: what every call was told agrees with what was counted.
 *
 *     answered        counted, once
 *     sent: false     surely not counted: it can be asked of another node
 *     sent: true      counted or not
 *
 * So no count that was answered is lost, and no call fails without saying which of the two it was.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Running } from "../process.ts";
import { startSnax } from "../process.ts";
import { world, writeFiles } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { TOKEN } from "./links.ts";

const COUNTERS = 10_000;

/** @param wait - what a count awaits before it is answered */
const counter = (wait: string): string => `
  import { cluster, skynet } from "snax";
  import { appendFileSync } from "node:fs";
  let name, count = 0;
  export async function init(number) { name = number; await cluster.register("c" + number); }
  export const response = {
    async add() { count += 1; ${wait} return count; },
  };
  export function exit() { appendFileSync("counts", name + " " + count + "\\n"); }
`;

const MAIN = `
  import { skynet, snax } from "snax";
  skynet.start(async () => {
    const numbers = Array.from({ length: ${COUNTERS} }, (_each, number) => number);
    await Promise.all(numbers.map((number) => snax.newservice("counter", number)));
    console.log("all are there");
  });
`;

/** Adds at random counters, many at once, until the node is gone. */
const TRAFFIC = `
  import { cluster } from "snax";
  const answered = new Map(), doubtful = new Map(), others = [];
  let total = 0, refused = 0;
  let notice = () => {};
  const add = (map, number) => map.set(number, (map.get(number) ?? 0) + 1);
  async function work(seed) {
    let state = seed;
    for (;;) {
      state = (state * 1103515245 + 12345) % 2147483648;
      const number = state % ${COUNTERS};
      try {
        await (await cluster.snax("db", "counter", "@c" + number)).req.add();
        add(answered, number);
        total += 1;
        notice();
      } catch (error) {
        if (error.data?.sent === true) add(doubtful, number);
        else if (error.data?.sent === false) refused += 1;
        else others.push(error.code + " " + error.message);
        return;
      }
    }
  }
  let done;
  export const response = {
    begin: (workers) => { done = Promise.all(Array.from({ length: workers }, (_each, n) => work(n * 7919 + 1))); },
    async answered(count) { while (total < count) await new Promise((go) => { notice = go; }); },
    async result() {
      await done;
      return { answered: [...answered], doubtful: [...doubtful], refused, others };
    },
  };
`;

interface Result {
  readonly answered: [number, number][];
  readonly doubtful: [number, number][];
  readonly refused: number;
  readonly others: string[];
}

interface Drained {
  readonly result: Result;
  readonly counts: Map<number, number>;
  readonly code: number | null;
  readonly log: string;
}

async function drainUnderTraffic(
  t: TestContext,
  { wait, drain, count }: { wait: string; drain: number; count: number },
): Promise<Drained> {
  const port = await freePort();
  const config = {
    ...{ thread: 1, node: "db", start: "main", services: "./?.ts", drain, stoptimeout: 60_000 },
    cluster: { listen: port, token: TOKEN, deadAfter: 60_000 },
  };
  const folder = writeFiles(t, {
    ...{ main: MAIN, counter: counter(wait) },
    "snax.config.ts": `export default ${JSON.stringify(config)}`,
  });
  const db: Running = startSnax(["start"], folder);
  t.after(() => db.child.kill("SIGKILL"));
  await db.says("all are there");
  const nodes = { db: `127.0.0.1:${port}` };
  const client = await world(
    t,
    { traffic: TRAFFIC },
    { node: "client", cluster: { nodes, token: TOKEN, deadAfter: 60_000 } },
  );
  const { req } = await client.make("traffic");
  await req.begin(200);
  await req.answered(count);
  db.child.kill("SIGTERM");
  const [result, { code, stdout }] = [(await req.result()) as Result, await db.ended];
  const lines = readFileSync(join(folder, "counts"), "utf8").trimEnd().split("\n");
  const counts = new Map(lines.map((line) => line.split(" ").map(Number) as [number, number]));
  return { result, counts, code, log: stdout };
}

/** What was counted agrees with what was told. */
function agree({ result, counts }: Drained): void {
  const { others } = result;
  deepEqual(others, []);
  equal(counts.size, COUNTERS);
  const [answered, doubtful] = [new Map(result.answered), new Map(result.doubtful)];
  const wrong = [...counts].filter(([number, count]) => {
    const least = answered.get(number) ?? 0;
    return count < least || count > least + (doubtful.get(number) ?? 0);
  });
  deepEqual(wrong, []);
}

test("10,000 counters under traffic: it ends in time with 0, no count is lost, and nothing is in doubt", async (t) => {
  const drained = await drainUnderTraffic(t, { wait: "", drain: 60_000, count: 20_000 });
  const { result, code, log } = drained;
  equal(code, 0);
  ok(!log.includes("cut off"));
  agree(drained);
  // All that was open was answered, so a caller that failed may repeat it elsewhere.
  deepEqual(result.doubtful, []);
  ok(result.refused > 0);
});

test("10,000 counters that take longer than drain: what is cut off says that it may have been counted", async (t) => {
  const wait = "await skynet.sleep(count * 500);";
  const drained = await drainUnderTraffic(t, { wait, drain: 1, count: 500 });
  agree(drained);
  ok(drained.result.doubtful.length > 0);
  ok(drained.log.includes("calls of other nodes are cut off: they took more than 1 ms, drain"));
});
