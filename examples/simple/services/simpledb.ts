/**
 * A database of texts by key.
 *
 *     GET key         the value
 *     SET key value   the value before
 *     PING text       is logged; nobody answers
 */

import { skynet } from "snax";

const PING_SHOWN_MAX = 20;

const db = new Map<string, string>();

function get(key: string): string | undefined {
  return db.get(key);
}

function set(key: string, value: string): string | undefined {
  const last = db.get(key);
  db.set(key, value);
  return last;
}

function ping(source: number, text: string): void {
  const rest = text.length > PING_SHOWN_MAX ? `...(${text.length})` : "";
  skynet.error(`${skynet.address(source)} ping ${text.slice(0, PING_SHOWN_MAX)}${rest}`);
}

skynet.start(() => {
  skynet.dispatch("lua", (_session, source, command: string, ...args: [string, string]) => {
    switch (command.toUpperCase()) {
      case "GET":
        return get(args[0]);
      case "SET":
        return set(...args);
      case "PING":
        return ping(source, args[0]);
      default:
        throw new Error(`Unknown command ${command.toUpperCase()}`);
    }
  });
  skynet.register("SIMPLEDB");
});
