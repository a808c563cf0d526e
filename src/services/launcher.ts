/**
 * The launcher, `.launcher`: starts services and tells the caller when they are ready.
 *
 *     LAUNCH kind name args...   answered with the handle by LAUNCHOK of the new service, or with its ERROR
 *     LAUNCHAT thread kind ...   the same, on that thread
 *     LAUNCHMAIN kind name ...   as LAUNCH, and answered by LATE as well: the node is up if its main service loops for ever
 *     BORN title                 from a service that was started without it
 *     LIST, TITLES handles       what runs
 *     STAT, MEM, GC              figures of what runs, by address; GC collects garbage first
 *     KILL handle                ends it
 *     LAUNCHOK, ERROR, REMOVE    from the services themselves
 *     LATE                       from one whose start function has not ended after `inittimeout`
 *     RESTART wish               from a service that wants to be brought back if its thread dies
 *     LOST indexes               from the warden: a thread has died
 *
 * The commands are those of skynet's launcher, but arguments are values and an error arrives as it
 * was thrown.
 */

import { operator, skynet, SnaxError } from "snax";
import { Restarts } from "./lib/restart.ts";
import type { Key, Wish } from "./lib/restart.ts";

/** What runs, by handle. */
const services = new Map<number, string>();

/** The service manager's keys of the services that it keeps the only ones of their name. */
const unique = new Map<number, string>();

/** The node's main service; 0 = there is none. */
let main = 0;

/** The callers that wait for a service that is not ready yet. */
const waiting = new Map<number, (ok: boolean, value: unknown) => void>();

const restarts = new Restarts({
  now: () => skynet.now(),
  later: (ms, run) => skynet.timeout(ms, run),
  launch: relaunch,
  log: (text) => skynet.error(text),
});

function describe(kind: string, name: string, args: readonly unknown[]): string {
  const words = args.filter((arg) => typeof arg === "string" || typeof arg === "number");
  return [kind, name, ...words].join(" ");
}

function settle(handle: number, ok: boolean, value: unknown): void {
  const answer = waiting.get(handle);
  if (answer === undefined) return;
  waiting.delete(handle);
  answer(ok, value);
}

/**
 * What stands for a service over its lives: the name, if the service manager keeps it the only one.
 */
function keyOf(handle: number): Key {
  return unique.get(handle) ?? handle;
}

/**
 * Starts a service again. One that is the only one of its name is the service manager's to start.
 */
function relaunch(wish: Wish, onKey: (key: Key) => void, before: Key): Promise<unknown> {
  const [kind, name, ...args] = wish.target;
  if (typeof before === "string") {
    onKey(before);
    return skynet.within(Infinity).call(".service", "lua", "LAUNCH", before, ...args);
  }
  const handle = skynet.launch(kind, name, ...args);
  onKey(handle);
  services.set(handle, describe(kind, name, args));
  return new Promise((resolve, reject) => {
    waiting.set(handle, (ok, value) => (ok ? resolve(value) : reject(value as Error)));
  });
}

function lostError(handle: number): SnaxError {
  const who = skynet.address(handle);
  return new SnaxError(
    "ERR_SERVICE_DEAD",
    `service ${who} ended with its thread before it was ready`,
  );
}

/** What is to be started. */
type Target = [kind: string, name: string, ...args: unknown[]];

/** Remembers a service that begins, who asked for it, and who is to hear of it. */
function begin(source: number, handle: number, [kind, name, ...args]: Target): void {
  if (source === skynet.localname(".service")) {
    unique.set(handle, kind === "snax" ? `snaxd.${name}` : name);
  }
  services.set(handle, describe(kind, name, args));
  const response = skynet.response();
  waiting.set(handle, (ok, value) => void (ok ? response(true, value) : response(false, value)));
}

/**
 * A service that asks what runs knows of a birth from the service's own thread, and its news may
 * are in the ring from there while the question came by another one: all rings are read between two
 * turns.
 */
function allNews(): Promise<unknown> {
  return skynet.sleep(1);
}

function requireText(value: unknown, what: string): void {
  if (typeof value === "string" && value !== "") return;
  throw new SnaxError("ERR_ARGUMENT", `${what} is a text with at least one character`);
}

const command = {
  LAUNCH(source: number, kind: string, name: string, ...args: unknown[]): void {
    requireText(kind, "the kind of a service");
    requireText(name, "the name of a service");
    begin(source, skynet.launch(kind, name, ...args), [kind, name, ...args]);
  },
  /** As LAUNCH, on a certain thread. */
  LAUNCHAT(source: number, place: number, ...what: Target): void {
    const [kind, name, ...args] = what;
    requireText(kind, "the kind of a service");
    requireText(name, "the name of a service");
    begin(source, skynet.at(place).launch(kind, name, ...args), what);
  },
  /** The node's main service: one that loops in its start function is up all the same. */
  LAUNCHMAIN(source: number, ...what: Target): void {
    const [kind, name, ...args] = what;
    main = skynet.launch(kind, name, ...args);
    begin(source, main, what);
  },
  LATE(source: number): void {
    if (source === main) settle(source, true, source);
  },
  /** The caller has asked a thread itself, and is answered by it. */
  BORN(source: number, title: string): void {
    services.set(source, title);
  },
  LAUNCHOK(source: number): void {
    settle(source, true, source);
  },
  ERROR(source: number, error: unknown): void {
    services.delete(source);
    unique.delete(source);
    settle(source, false, error);
  },
  /** A thread has died, and with it the services whose handles have these indexes. */
  LOST(_source: number, indexes: readonly number[]): void {
    const lost = new Set(indexes);
    for (const handle of services.keys()) {
      if (!lost.has(handle & 0xffffff)) continue;
      services.delete(handle);
      if (waiting.has(handle)) settle(handle, false, lostError(handle));
      restarts.lost(keyOf(handle));
      unique.delete(handle);
    }
  },
  RESTART(source: number, wish: Wish): void {
    restarts.ask(keyOf(source), wish);
  },
  /**
   * A service that ends itself before it is ready has done its work in its beginning; one that is
   * killed has not.
   */
  REMOVE(_source: number, handle: number, isKill: boolean): void {
    const title = services.get(handle);
    services.delete(handle);
    restarts.forget(keyOf(handle));
    unique.delete(handle);
    if (!isKill) return settle(handle, true, handle);
    const who = `${skynet.address(handle)} (${title})`;
    settle(
      handle,
      false,
      new SnaxError("ERR_SERVICE_DEAD", `${who} was killed before it was ready`),
    );
  },
  async LIST(): Promise<Record<string, string>> {
    await allNews();
    return Object.fromEntries(
      [...services].map(([handle, text]) => [skynet.address(handle), text]),
    );
  },
  /** The titles of some services, in their order; undefined for one that is not there. */
  async TITLES(_source: number, handles: readonly number[]): Promise<(string | undefined)[]> {
    await allNews();
    return handles.map((handle) => services.get(handle));
  },
  STAT(): Promise<Record<string, unknown>> {
    return operator.run("stat", "launcher");
  },
  /** Kilobytes and title of each service, an estimate; and of each thread, measured. */
  MEM(): Promise<Record<string, unknown>> {
    return operator.run("mem", "launcher");
  },
  GC(source: number): Promise<Record<string, unknown>> {
    return operator.run("gc", skynet.address(source));
  },
  KILL(_source: number, address: number | string): Record<string, string> {
    const handle = typeof address === "string" ? Number.parseInt(address.slice(1), 16) : address;
    const text = services.get(handle) ?? "";
    skynet.kill(handle);
    return { [skynet.address(handle)]: text };
  },
};

function isCommand(name: string): name is keyof typeof command {
  return Object.hasOwn(command, name);
}

skynet.start(() => {
  skynet.dispatch("lua", (_session, source, name: unknown, ...args: never[]) => {
    const key = String(name).toUpperCase();
    if (!isCommand(key)) {
      throw new SnaxError("ERR_NO_METHOD", `the launcher has no command ${key.slice(0, 80)}`);
    }
    return (command[key] as (source: number, ...args: never[]) => unknown)(source, ...args);
  });
  skynet.register(".launcher");
});
