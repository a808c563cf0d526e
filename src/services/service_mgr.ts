/**
 * The service manager, `.service`: services of which there is one.
 *
 *     LAUNCH key args...    the first caller starts it, all others get the same handle
 *     LAUNCHAT thread key ...    the same, on that thread if it is the first caller's
 *     QUERY key             waits until a service has started it
 *     LIST                  what is there
 *     MOVED pairs           other services have taken the place of some: [old, new] each
 *
 * Keys are names of plain services, or `snaxd.name` for snax services; GLAUNCH and GQUERY mean the
 * whole cluster if the node has an engine (`cluster.engine`), else this node. Unlike skynet's
 * manager this one forgets a failure and a service that died: the next LAUNCH tries again.
 *
 * In a network of harbors the manager of the master's node has the global name SERVICE, the others
 * report to it, and GLAUNCH and GQUERY go there. Another harbor may not have anything started here
 * that does not run: it would choose the file.
 */

import { skynet, SnaxError } from "snax";
import type { Response } from "snax";

/**
 * A link lasts as long as the service, and how long one may take to begin is `inittimeout`'s
 * business.
 */
const unbounded = skynet.within(Infinity);

/** What is known of a key: asked for, being started, or running. */
interface Entry {
  state: "asked" | "starting" | "running";
  /** 0 until it runs. */
  handle: number;
  readonly waiting: Response[];
}

/** How the launcher is asked. */
interface Order {
  readonly command: readonly unknown[];
  readonly args: readonly unknown[];
}

const entries = new Map<string, Entry>();

const SNAX_PREFIX = "snaxd.";

function entryOf(key: unknown): Entry {
  if (typeof key !== "string" || key === "") {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `the name of a service is a text with at least one character`,
    );
  }
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { state: "asked", handle: 0, waiting: [] };
    entries.set(key, entry);
  }
  return entry;
}

async function begin(key: string, entry: Entry, order: Order): Promise<void> {
  const [kind, name] = key.startsWith(SNAX_PREFIX)
    ? ["snax", key.slice(SNAX_PREFIX.length)]
    : ["snlua", key];
  try {
    const values = [...order.command, kind, name, ...order.args];
    const handle = await unbounded.call<number>(".launcher", "lua", ...values);
    entry.state = "running";
    entry.handle = handle;
    watch(key, entry);
    for (const answer of entry.waiting.splice(0)) answer(true, handle);
  } catch (error) {
    entries.delete(key);
    for (const answer of entry.waiting.splice(0)) answer(false, error);
  }
}

/** LINK is answered by nothing but the service's death. */
function watch(key: string, entry: Entry): void {
  const forget = (): void => {
    if (entries.get(key) === entry) entries.delete(key);
  };
  unbounded.call(entry.handle, "debug", "LINK").then(forget, forget);
}

function launch(key: string, ...args: unknown[]): number | undefined {
  return launchBy(key, { command: ["LAUNCH"], args });
}

function launchAt(place: number, key: string, ...args: unknown[]): number | undefined {
  return launchBy(key, { command: ["LAUNCHAT", place], args });
}

function launchBy(key: string, order: Order): number | undefined {
  const entry = entryOf(key);
  if (entry.state === "asked" || isDead(entry)) {
    entry.state = "starting";
    skynet.fork(begin, key, entry, order);
  }
  return answerOf(entry);
}

/**
 * Race: a service may be dead, and the news of it on its way. A message that is not answered tells.
 */
function isDead({ state, handle }: Entry): boolean {
  return state === "running" && !skynet.send(handle, "debug", "PING");
}

function query(key: string): number | undefined {
  return answerOf(entryOf(key));
}

/** Returns the handle, or detaches the answer until there is one. */
function answerOf(entry: Entry): number | undefined {
  if (entry.state === "running" && !isDead(entry)) return entry.handle;
  entry.waiting.push(skynet.response());
  return undefined;
}

/** Says whether the node has an engine, by which nodes agree on names. */
function hasFleet(): boolean {
  return (skynet.getenv("cluster") as { engine?: string } | undefined)?.engine !== undefined;
}

/** Says whether the services that mean the whole network are kept on another node. */
function isElsewhere(): boolean {
  return skynet.getenv<number>("harbor") !== 0 && skynet.getenv("standalone") === undefined;
}

/** The key by which skynet's managers ask each other: `@name`, or `@snaxd` and a name. */
function farKey(key: string): readonly string[] {
  if (!key.startsWith(SNAX_PREFIX)) return [`@${key}`];
  return ["@snaxd", key.slice(SNAX_PREFIX.length)];
}

/** Answers the manager of another harbor. */
function answerFar(name: string, [key, type]: readonly unknown[]): unknown {
  if (name === "REPORT") return undefined;
  const plain = String(key).replace(/^@/, "");
  const own = plain === "snaxd" ? `${SNAX_PREFIX}${String(type)}` : plain;
  if (name === "QUERY" || (name === "LAUNCH" && entries.get(own)?.state === "running")) {
    return query(own);
  }
  const what = `${name} ${own}`.slice(0, 80);
  skynet.error(`another harbor asks for ${what}, which is refused`);
  throw new SnaxError("ERR_FORBIDDEN", `${what} is not for other harbors`);
}

/** The node that has the name starts the service; all others get a proxy of it. */
async function launchGlobally(key: string, args: readonly unknown[]): Promise<number> {
  const owner = await unbounded.call<{ token: number } | { handle: number }>(
    ".clusterd",
    "lua",
    "CLAIM",
    key,
  );
  if ("handle" in owner) return owner.handle;
  const handle = await unbounded.call<number>(skynet.self(), "lua", "LAUNCH", key, ...args);
  await unbounded.call(".clusterd", "lua", "OWN", key, handle, owner.token);
  return handle;
}

/** The key is the new one's from here on; the old handle leads there as long as it lives. */
function move(pairs: readonly (readonly [old: number, fresh: number])[]): void {
  const by = new Map(pairs);
  for (const [key, { state, handle, waiting }] of entries) {
    const fresh = by.get(handle);
    if (state !== "running" || fresh === undefined) continue;
    const entry: Entry = { state, handle: fresh, waiting };
    entries.set(key, entry);
    watch(key, entry);
  }
}

const command = {
  MOVED: move,
  LAUNCH: launch,
  LAUNCHAT: launchAt,
  QUERY: query,
  GLAUNCH: (key: string, ...args: unknown[]) =>
    isElsewhere()
      ? unbounded.call<number>("SERVICE", "lua", "LAUNCH", ...farKey(key), ...args)
      : hasFleet()
        ? launchGlobally(key, args)
        : launch(key, ...args),
  GQUERY: (key: string) =>
    isElsewhere()
      ? unbounded.call<number>("SERVICE", "lua", "QUERY", ...farKey(key))
      : hasFleet()
        ? unbounded.call<number>(".clusterd", "lua", "FIND", key)
        : query(key),
  LIST(): Record<string, string> {
    return Object.fromEntries(
      [...entries].map(([key, { handle }]) => [
        key,
        handle === 0 ? "Querying" : skynet.address(handle),
      ]),
    );
  },
};

function isCommand(name: string): name is keyof typeof command {
  return Object.hasOwn(command, name);
}

skynet.start(async () => {
  skynet.dispatch("lua", (_session, source, name: unknown, ...args: never[]) => {
    const key = String(name).toUpperCase();
    if (skynet.harbor(source).isRemote && source !== 0) return answerFar(key, args);
    if (!isCommand(key)) {
      throw new SnaxError(
        "ERR_NO_METHOD",
        `the service manager has no command ${key.slice(0, 80)}`,
      );
    }
    return (command[key] as (...args: never[]) => unknown)(...args);
  });
  skynet.register(".service");
  if (skynet.getenv<number>("harbor") === 0) return;
  if (isElsewhere()) await unbounded.call("SERVICE", "lua", "REPORT", skynet.self());
  else skynet.register("SERVICE");
});
