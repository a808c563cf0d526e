/**
 * `startTest`: a node for one test of a program's services.
 *
 * It is a real node with the program's own files. What differs: one thread unless asked otherwise,
 * fakes may stand in for services, the log is kept instead of printed, and time may stand still
 * until the test moves it.
 */

/* oxlint-disable no-restricted-globals -- a test lets the event loop come round, whatever the services' time is */

import { systemClock } from "../base/clock.ts";
import { SnaxError } from "../base/error.ts";
import type { Config } from "../node/config.ts";
import type { Node } from "../node/node.ts";
import { start } from "../node/node.ts";
import type { FakeFolder, Fakes } from "./fakes.ts";
import { writeFakes } from "./fakes.ts";
import { TestClock } from "./test-clock.ts";

/** What a test starts. */
export interface TestOptions {
  /** Search path of service files. @defaultValue "./services/?.ts" */
  readonly services?: string | readonly string[];
  /**
   * What stands in for services of the program: objects by name, or a search path that is looked
   * at first.
   */
  readonly fakes?: Fakes | string | readonly string[];
  /**
   * "virtual": time stands still until {@link TestNode.advance} moves it. Needs `thread: 0`.
   * @defaultValue "real"
   */
  readonly time?: "real" | "virtual";
  /** The wall clock (`skynet.time`) when virtual time begins. @defaultValue now */
  readonly date?: Date;
  /** Any other keys of the configuration. @defaultValue `{ thread: 0 }` */
  readonly config?: Config;
}

/** A line of the log. */
export interface LoggedLine {
  /** The printed address of the service that it is about. */
  readonly address: string;
  readonly text: string;
}

/**
 * What ends a node with its test: the `t` of node:test, or `{ after: onTestFinished }` with
 * vitest.
 */
export interface TestScope {
  after(end: () => Promise<void>): void;
}

/**
 * A node under test. `skynet` and `snax` call its services from outside, as a program does that
 * holds a node.
 */
export interface TestNode extends Node {
  /** The lines logged so far, those that programs print included. */
  readonly log: readonly LoggedLine[];
  /** Waits for a line of the log that matches, or returns the first that is there. */
  logged(pattern: RegExp): Promise<LoggedLine>;
  /**
   * Lets virtual time pass, with all that services do meanwhile; resolves when they rest. What
   * waits for the outside world, a file or `fetch`, is not waited for.
   *
   * @throws {ERR_ARGUMENT} if time is real, or `ms` is no time.
   * @throws {ERR_TIMEOUT} if the services do not come to rest.
   */
  advance(ms: number): Promise<void>;
  /** The same as `stop`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Rounds of the event loop without work after which services rest. */
const QUIET_ROUNDS = 3;
/** Milliseconds of real time after which they never will. */
const REST_MAX_MS = 10_000;

/**
 * Starts a node for a test.
 *
 * @param scope - has it stopped at the test's end; without it the test stops it.
 * @throws what `start` throws.
 * @example
 * ```ts const { snax, advance } = await startTest({ fakes: { store: { accept: { record() {} } } },
 * time: "virtual" }, t); const room = await snax.newservice<typeof Room>("room"); await
 * advance(60_000); ```
 */
export async function startTest(options: TestOptions = {}, scope?: TestScope): Promise<TestNode> {
  const { services = "./services/?.ts", fakes, time = "real", date = new Date(), config } = options;
  if (time !== "real" && time !== "virtual") {
    throw new SnaxError("ERR_ARGUMENT", `time is "real" or "virtual", not ${String(time)}`);
  }
  const thread = config?.thread ?? 0;
  const isObject = typeof fakes === "object" && !Array.isArray(fakes);
  if (thread > 0 && (isObject || time === "virtual")) {
    const what = isObject ? "objects as fakes" : "virtual time";
    throw new SnaxError("ERR_ARGUMENT", `${what} and thread: ${thread} do not go together`);
  }
  const folder = isObject ? writeFakes(fakes as Fakes) : undefined;
  const first = folder?.pattern ?? (fakes as string | readonly string[] | undefined) ?? [];
  const node = new RunningTest(
    folder,
    time === "virtual" ? new TestClock(date.getTime()) : undefined,
  );
  try {
    await node.begin({ ...config, thread, services: [first, services].flat() });
  } catch (error) {
    folder?.remove();
    throw error;
  }
  scope?.after(() => node.stop());
  return node;
}

class RunningTest implements TestNode {
  readonly log: LoggedLine[] = [];
  readonly #folder: FakeFolder | undefined;
  readonly #clock: TestClock | undefined;
  readonly #waiting = new Set<() => void>();
  #node: Node | undefined;

  constructor(folder: FakeFolder | undefined, clock: TestClock | undefined) {
    this.#folder = folder;
    this.#clock = clock;
  }

  async begin(config: Config): Promise<void> {
    const clock = this.#clock;
    const onLine = (address: string, text: string): void => {
      this.log.push({ address, text });
      for (const look of this.#waiting) look();
    };
    this.#node = await start(config, { seams: { onLine, ...(clock !== undefined && { clock }) } });
  }

  get #running(): Node {
    return this.#node as Node;
  }

  get skynet(): Node["skynet"] {
    return this.#running.skynet;
  }

  get snax(): Node["snax"] {
    return this.#running.snax;
  }

  get sharetable(): Node["sharetable"] {
    return this.#running.sharetable;
  }

  get tables(): Node["tables"] {
    return this.#running.tables;
  }

  get stopped(): Promise<void> {
    return this.#running.stopped;
  }

  get cutOff(): readonly string[] {
    return this.#running.cutOff;
  }

  readonly drain = async (): Promise<void> => {
    await this.#node?.drain();
    await this.stop();
  };

  readonly stop = async (): Promise<void> => {
    this.#clock?.release();
    await this.#node?.stop();
    this.#folder?.remove();
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  readonly logged = (pattern: RegExp): Promise<LoggedLine> =>
    new Promise((resolve) => {
      let at = 0;
      const look = (): void => {
        for (; at < this.log.length; at += 1) {
          const line = this.log[at] as LoggedLine;
          if (line.text.search(pattern) < 0) continue;
          this.#waiting.delete(look);
          resolve(line);
          return;
        }
      };
      this.#waiting.add(look);
      look();
    });

  readonly advance = async (ms: number): Promise<void> => {
    const clock = this.#clock;
    if (clock === undefined)
      throw new SnaxError("ERR_ARGUMENT", 'only time: "virtual" can be moved');
    if (!(ms >= 0)) throw new SnaxError("ERR_ARGUMENT", `time can't advance by ${ms} ms`);
    await settle(clock);
    const until = clock.now() + ms;
    for (;;) {
      const { next } = clock;
      if (next === undefined || next > until) break;
      clock.moveTo(next);
      clock.ring();
      await settle(clock);
    }
    clock.moveTo(until);
  };
}

/** Waits until services rest: the clock was not read for some rounds of the event loop. */
async function settle(clock: TestClock): Promise<void> {
  const until = systemClock.now() + REST_MAX_MS;
  let quiet = 0;
  while (quiet < QUIET_ROUNDS) {
    if (systemClock.now() > until) {
      const what = "the services send each other messages without end";
      throw new SnaxError("ERR_TIMEOUT", `${what}: no rest within ${REST_MAX_MS} ms`);
    }
    const { readings } = clock;
    await new Promise((resolve) => setImmediate(resolve));
    quiet = clock.readings === readings ? quiet + 1 : 0;
  }
}
