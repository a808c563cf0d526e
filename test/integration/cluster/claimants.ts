/**
 * Two processes that want one global service, and a judge who sees what is done in its name.
 *
 *     claimant, twice -> globalservice("worker") -> its owner acts: by requests, by timers, behind a sleep -> judge
 *
 * What owns it is stopped (SIGSTOP) for longer than its right lasts, until the judge sees the other one act; then it goes on.
 */

import type { TestContext } from "node:test";
import type { World } from "../../world.ts";
import { world, writeFiles } from "../../world.ts";
import type { Running } from "../process.ts";
import { PACKAGE, startNode, stopProcess } from "../process.ts";
import { TOKEN } from "./links.ts";

/** Acts under the token that it had when it was first asked; it never looks again whether it still may. */
const WORKER = `
  import { cluster, skynet } from "snax";
  const node = skynet.getenv("node");
  let token;
  function act(how) {
    if (token === undefined) return;
    const at = Number(process.hrtime.bigint() / 1000n);
    cluster.send("judge", "@judge", "ACT", { node, token, how, at });
  }
  async function loop() {
    for (;;) {
      await skynet.sleep(15);
      act("sleep");
    }
  }
  function again() {
    act("timeout");
    skynet.timeout(15, again);
  }
  export function init() {
    setInterval(() => act("interval"), 15);
    again();
    skynet.fork(loop);
  }
  export const response = {
    act() {
      token ??= cluster.token();
      act("request");
    },
  };
`;

/** Asks for the service without end, no matter which node has it. */
const CLAIMANT = `
  import { cluster, skynet, snax } from "snax";
  const node = skynet.getenv("node");
  async function loop() {
    for (;;) {
      try {
        const worker = await snax.globalservice("worker");
        await worker.req.act();
      } catch {
        // No node has it at the moment.
      }
      cluster.send("judge", "@judge", "TICK", node);
      await skynet.sleep(10);
    }
  }
  skynet.start(() => skynet.fork(loop));
`;

const JUDGE = `
  import { cluster, skynet } from "snax";
  const acts = [], ticks = {};
  skynet.start(async () => {
    const command = {
      ACT: (act) => void acts.push(act),
      TICK: (node) => { ticks[node] = (ticks[node] ?? 0) + 1; },
      SEEN: () => ({ acts: acts.splice(0), ticks }),
    };
    skynet.dispatch("lua", (_session, _source, key, ...values) => command[key](...values));
    await cluster.register("judge");
  });
`;

/** Something that was done. */
interface Act {
  readonly node: string;
  readonly token: number;
  readonly how: string;
  /** When it was done, in microseconds of the machine's clock, which the processes share. */
  readonly at: number;
}

/** What the judge has seen. */
export interface Verdict {
  readonly acts: number;
  readonly owners: number;
  /** What was done under a token after something was done under a higher one. */
  readonly stale: readonly Act[];
  /** In which ways something was done. */
  readonly ways: readonly string[];
}

async function claimant(
  t: TestContext,
  node: string,
  engine: string,
  thread: number,
): Promise<Running> {
  const cluster = { listen: 0, token: TOKEN, engine };
  const folder = writeFiles(t, {
    ...{ worker: WORKER, claimant: CLAIMANT },
    "node.mjs": `
      import { start } from ${JSON.stringify(PACKAGE)};
      const config = ${JSON.stringify({ thread, services: "./?.ts", node, cluster })};
      const node = await start({ ...config, root: process.cwd() });
      await node.skynet.newservice("claimant");
      console.log("it is there");
    `,
  });
  // As long as the rounds take: the test kills it.
  const running = startNode(["node.mjs"], folder, process.env, 3_600_000);
  t.after(() => running.child.kill("SIGKILL"));
  await running.says("it is there");
  return running;
}

/** Judges. What is on its way when its sender is stopped arrives late, and was done in time: so it goes by when something was done. */
class Judge {
  readonly #node: World;
  readonly #handle: number;
  readonly #acts: Act[] = [];
  #newest: Act | undefined = undefined;
  ticks: Readonly<Record<string, number>> = {};

  constructor(node: World, handle: number) {
    this.#node = node;
    this.#handle = handle;
  }

  get count(): number {
    return this.#acts.length;
  }

  /** Who has acted under the highest token. */
  get owner(): string | undefined {
    return this.#newest?.node;
  }

  get verdict(): Verdict {
    const firsts = new Map<number, number>();
    for (const { token, at } of this.#acts) {
      firsts.set(token, Math.min(firsts.get(token) ?? Infinity, at));
    }
    const isStale = ({ token, at }: Act): boolean =>
      [...firsts].some(([other, first]) => other > token && first < at);
    return {
      ...{ acts: this.count, owners: firsts.size, stale: this.#acts.filter(isStale) },
      ways: [...new Set(this.#acts.map(({ how }) => how))],
    };
  }

  /** Looks until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    for (;;) {
      const seen = await this.#node.skynet.call<any>(this.#handle, "lua", "SEEN");
      for (const act of seen.acts as Act[]) this.#take(act);
      this.ticks = seen.ticks;
      if (isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #take(act: Act): void {
    this.#acts.push(act);
    if (act.token > (this.#newest?.token ?? 0)) this.#newest = act;
  }
}

/** Runs a number of rounds on an engine. */
export async function stopOwners(
  t: TestContext,
  { engine, rounds, thread }: { engine: string; rounds: number; thread: number },
): Promise<Verdict> {
  const cluster = { listen: 0, token: TOKEN, engine };
  const node = await world(t, { judge: JUDGE }, { node: "judge", cluster });
  const judge = new Judge(node, await node.skynet.newservice("judge"));
  const processes: Readonly<Record<string, Running>> = {
    one: await claimant(t, "one", engine, thread),
    other: await claimant(t, "other", engine, thread),
  };
  for (let round = 0; round < rounds; round += 1) {
    await judge.until(() => judge.owner !== undefined);
    const owner = String(judge.owner);
    const { child } = processes[owner] as Running;
    const { count } = judge;
    await judge.until(() => judge.count > count + 4);
    stopProcess(child);
    await judge.until(() => judge.owner !== owner);
    const ticks = judge.ticks[owner] ?? 0;
    child.kill("SIGCONT");
    // Long enough for whatever it would do.
    await judge.until(() => (judge.ticks[owner] ?? 0) >= ticks + 30);
  }
  return judge.verdict;
}
