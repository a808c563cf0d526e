/**
 * Threads of a node end again and again, in every way a thread can, under calls from all sides.
 *
 *     round:  calls without an answer, from the main thread and from every other one -> the victim's thread ends
 *             -> each of them fails with ERR_SERVICE_DEAD -> a service is born on the thread that takes the number
 *     meanwhile services on the other threads call each other and are answered
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";

import type { ServiceObject } from "snax";
import { Flag, IS_OVER } from "../integration/flag.ts";
import type { World } from "../world.ts";
import { codeOfFailure, world } from "../world.ts";

/** How much is done. */
export interface DeathScale {
  readonly threads: number;
  readonly rounds: number;
  /** Calls to the victim that are open when it ends, per thread. */
  readonly open: number;
  /** Milliseconds for which the services talk before the first thread ends. */
  readonly quietMs: number;
}

/** What was measured; times in milliseconds. */
export interface DeathFigures {
  /** From the end of the thread until a call to it failed. */
  readonly failureMs: readonly number[];
  /** From the end of the thread until a service of its successor answered. */
  readonly backMs: readonly number[];
  /** How long each call between the other threads took meanwhile. */
  readonly bystanderMs: readonly number[];
  /** The same while no thread ended. */
  readonly quietMs: readonly number[];
  readonly rssFirst: number;
  readonly rssLast: number;
}

const SERVICE = `
  import { threadId } from "node:worker_threads";
  import { skynet } from "snax";
  ${IS_OVER}
  export const response = {
    where() { return threadId; },
    echo(value: unknown) { return value; },
    hang() { return new Promise(() => {}); },
    async ask(other: any, count: number) {
      const calls = Array.from({ length: count }, () => other.req.hang());
      const codes = (await Promise.allSettled(calls)).map((end: any) => end.reason?.code);
      return codes;
    },
    /** Calls another one until the flag is raised. @returns how long each call took, in ms */
    async chat(other: any, flag: SharedArrayBuffer) {
      const times: number[] = [];
      do {
        const since = performance.now();
        if ((await other.req.echo(since)) !== since) throw new Error("a wrong answer");
        times.push(performance.now() - since);
        await skynet.sleep(1);
      } while (!isOver(flag));
      return times;
    },
    exit() { process.exit(3); },
    crash() {
      process.removeAllListeners("uncaughtException");
      // Node's own: what a timer of the service throws is the service's alone.
      globalThis.setImmediate(() => { throw new Error("as planned"); });
      return new Promise(() => {});
    },
  };`;

const WAYS = ["terminate", "exit", "crash"] as const;

class Rounds {
  readonly failureMs: number[] = [];
  readonly backMs: number[] = [];
  readonly bystanderMs: number[] = [];
  readonly quietMs: number[] = [];
  readonly #node: World;
  readonly #scale: DeathScale;
  /** Workers by the id that their services see. */
  readonly #workers: Map<number, Worker>;
  /** A service on each thread; its number - 1 is the index. */
  readonly #services: ServiceObject[] = [];

  constructor(node: World, scale: DeathScale, workers: Map<number, Worker>) {
    this.#node = node;
    this.#scale = scale;
    this.#workers = workers;
  }

  async begin(): Promise<void> {
    for (let thread = 1; thread <= this.#scale.threads; thread += 1) {
      this.#services.push(await this.#node.snax.at(thread).newservice<any>("target"));
    }
  }

  /** Lets all of them talk for a while. */
  async talk(ms: number): Promise<void> {
    const flag = new Flag();
    const chats = this.#chat(this.#services, flag);
    await this.#node.skynet.sleep(ms);
    flag.raise();
    for (const times of await Promise.all(chats)) this.quietMs.push(...times);
  }

  #chat(services: readonly ServiceObject[], { memory }: Flag): Promise<number[]>[] {
    return services.map((one, index) =>
      one.req.chat(services[(index + 1) % services.length], memory),
    );
  }

  async run(round: number): Promise<void> {
    const { threads, open } = this.#scale;
    const victim = round % threads;
    const target = this.#services[victim] as ServiceObject;
    const others = this.#services.filter((_, index) => index !== victim);
    const worker = this.#workers.get((await target.req.where()) as number) as Worker;
    const asked = others.map((other) => other.req.ask(target, open) as Promise<string[]>);
    const own = Array.from({ length: open }, () => codeOfFailure(target.req.hang()));
    const flag = new Flag();
    const chats = this.#chat(others, flag);
    await target.req.echo(1);
    const gone = new Promise<number>((resolve) => {
      worker.once("exit", () => resolve(performance.now()));
    });
    const way = WAYS[round % WAYS.length] as (typeof WAYS)[number];
    const last = way === "terminate" ? worker.terminate() : codeOfFailure(target.req[way]());
    const at = await gone;
    const failed = [...own, ...asked].map((call) =>
      call.then((code) => {
        this.failureMs.push(performance.now() - at);
        return code;
      }),
    );
    const codes = (await Promise.all(failed)).flat();
    deepEqual([...new Set(codes)], ["ERR_SERVICE_DEAD"], `round ${round}, ${way}`);
    equal(codes.length, open * threads);
    if (way !== "terminate") equal(await last, "ERR_SERVICE_DEAD");
    this.#services[victim] = await this.#bear(victim + 1);
    this.backMs.push(performance.now() - at);
    flag.raise();
    for (const times of await Promise.all(chats)) this.bystanderMs.push(...times);
  }

  /** Starts a service on a thread that may still be on its way. */
  async #bear(thread: number): Promise<ServiceObject> {
    const until = performance.now() + 20_000;
    for (;;) {
      try {
        const service = await this.#node.snax.at(thread).newservice<any>("target");
        equal(await service.req.echo("back"), "back");
        return service;
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ERR_SERVICE_DEAD") throw error;
        ok(performance.now() < until, `thread ${thread} did not come back`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

/** Runs the rounds and checks what must hold in each of them. */
export async function runDeaths(t: TestContext, scale: DeathScale): Promise<DeathFigures> {
  const workers = new Map<number, Worker>();
  const note = (worker: Worker): void => {
    const { threadId } = worker;
    workers.set(threadId, worker);
    worker.once("exit", () => workers.delete(threadId));
  };
  process.on("worker", note);
  t.after(() => process.off("worker", note));
  const node = await world(t, { target: SERVICE }, { thread: scale.threads });
  const rounds = new Rounds(node, scale, workers);
  await rounds.begin();
  await rounds.talk(scale.quietMs);
  // The first rounds fill what later ones use again.
  const warm = Math.min(20, scale.rounds >> 1);
  let rssFirst = 0;
  for (let round = 0; round < scale.rounds; round += 1) {
    // Else the figure would be that of garbage that was not collected yet.
    const rss = round % 10 === 0 ? readRss() : 0;
    if (round === warm) rssFirst = rss === 0 ? readRss() : rss;
    await rounds.run(round);
  }
  const lines = (await node.log()).filter((line) => /^thread \d+ has died/.test(line));
  equal(lines.length, scale.rounds, "each death is logged once");
  const { failureMs, backMs, bystanderMs, quietMs } = rounds;
  return { failureMs, backMs, bystanderMs, quietMs, rssFirst, rssLast: readRss() };
}

/** What the process holds when its garbage is collected. */
function readRss(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage.rss();
}

/** Milliseconds that this machine takes just now to start and end a thread that does nothing; the worst of ten. */
export async function measureBareThread(): Promise<number> {
  let worst = 0;
  for (let tries = 0; tries < 10; tries += 1) {
    const since = performance.now();
    await once(new Worker("", { eval: true }), "exit");
    worst = Math.max(worst, performance.now() - since);
  }
  return worst;
}

/** The value that 99 of 100 do not exceed. */
export function p99(values: readonly number[]): number {
  return percentile(values, 0.99);
}

/** The value that such a share does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}
