/**
 * The service manager, `.service`: services of which there is one.
 *
 *     LAUNCH key args...    the first caller starts it, all others get the same handle
 *     QUERY key             waits until somebody has started it
 *     LIST                  what is there
 *
 * Keys are names of plain services, or `snaxd.name` for snax services; GLAUNCH and GQUERY mean the whole network, which is this
 * node as long as it stands alone. Unlike skynet's manager this one forgets a failure and a service that died: the next
 * LAUNCH tries again.
 */

import { skynet } from "snax";
import type { Response } from "snax";

interface Entry {
  handle: number;
  readonly waiting: Response[];
}

const entries = new Map<string, Entry>();

const SNAX_PREFIX = "snaxd.";

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { handle: 0, waiting: [] };
    entries.set(key, entry);
  }
  return entry;
}

/** Keys that are being started now. */
const starting = new Set<string>();

async function begin(key: string, args: unknown[]): Promise<void> {
  const entry = entryOf(key);
  starting.add(key);
  const isSnax = key.startsWith(SNAX_PREFIX);
  const name = isSnax ? key.slice(SNAX_PREFIX.length) : key;
  try {
    const kind = isSnax ? "snax" : "snlua";
    const handle = await skynet.call<number>(".launcher", "lua", "LAUNCH", kind, name, ...args);
    entry.handle = handle;
    watch(key, handle);
    for (const answer of entry.waiting.splice(0)) answer(true, handle);
  } catch (error) {
    entries.delete(key);
    for (const answer of entry.waiting.splice(0)) answer(false, error);
  } finally {
    starting.delete(key);
  }
}

/** LINK is answered by nothing but the service's death. */
function watch(key: string, handle: number): void {
  const forget = (): void => {
    if (entries.get(key)?.handle === handle) entries.delete(key);
  };
  skynet.call(handle, "debug", "LINK").then(forget, forget);
}

function launch(key: string, ...args: unknown[]): number | undefined {
  const entry = entryOf(key);
  if (entry.handle !== 0) return entry.handle;
  entry.waiting.push(skynet.response());
  if (!starting.has(key)) skynet.fork(begin, key, args);
  starting.add(key);
  return undefined;
}

function query(key: string): number | undefined {
  const entry = entryOf(key);
  if (entry.handle !== 0) return entry.handle;
  entry.waiting.push(skynet.response());
  return undefined;
}

const command = {
  LAUNCH: launch,
  QUERY: query,
  GLAUNCH: launch,
  GQUERY: query,
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

skynet.start(() => {
  skynet.dispatch("lua", (_session, _source, name: string, ...args: never[]) => {
    if (!isCommand(name)) throw new Error(`Unknown command ${name}`);
    return (command[name] as (...args: never[]) => unknown)(...args);
  });
  skynet.register(".service");
});
