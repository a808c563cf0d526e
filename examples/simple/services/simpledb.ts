/**
 * A database of texts by key.
 *
 *     GET key         the value
 *     SET key value   the value before
 *     PING text       is logged; no answer
 */

import { skynet } from "snax";

const PING_SHOWN_MAX = 20;

const db = new Map<string, string>();

/** What others may ask for. */
const command: Record<string, (...args: string[]) => string | undefined> = {
  GET(key = "") {
    return db.get(key);
  },
  SET(key = "", value = "") {
    const last = db.get(key);
    db.set(key, value);
    return last;
  },
};

function ping(source: number, text: string): void {
  const rest = text.length > PING_SHOWN_MAX ? `...(${text.length})` : "";
  skynet.error(`${skynet.address(source)} ping ${text.slice(0, PING_SHOWN_MAX)}${rest}`);
}

skynet.start(() => {
  skynet.dispatch("lua", (_session, source, name: string, ...args: string[]) => {
    const key = name.toUpperCase();
    if (key === "PING") return ping(source, args[0] ?? "");
    const run = command[key];
    if (run === undefined) throw new Error(`Unknown command ${key}`);
    return run(...args);
  });
  skynet.register("SIMPLEDB");
});
