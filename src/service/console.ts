/**
 * `console` for one service: prints the plain line, as `print` does in Lua, in order with the log.
 *
 * What prints a line formats it and hands it to the log. All else is Node's own Console over a stream that ends there too, made
 * when it is first used; once a service groups what it prints, that one prints everything.
 *
 * Hot path (bench: print).
 */

import { Console } from "node:console";
import { Writable } from "node:stream";
import { formatWithOptions } from "node:util";
import type { Context } from "./context.ts";

const PRINTERS = ["log", "info", "debug", "warn", "error"] as const;
const GROUPERS: readonly (string | symbol)[] = ["group", "groupCollapsed"];

/** Makes a service's console. */
export function createConsole(context: Context): Console {
  let real: Console | undefined;
  let isGrouping = false;
  const rest = new Proxy({} as Console, {
    get: (_target, key) => {
      if (GROUPERS.includes(key)) isGrouping = true;
      return Reflect.get((real ??= open(context)), key) as unknown;
    },
    has: (_target, key) => Reflect.has((real ??= open(context)), key),
  });
  const print = (...values: unknown[]): void => {
    if (isGrouping) return real?.log(...values);
    const [first] = values;
    const isText = values.length === 1 && typeof first === "string";
    context.runtime.print(context.handle, isText ? first : format(values));
  };
  const own = Object.fromEntries(PRINTERS.map((name) => [name, print]));
  return Object.setPrototypeOf(own, rest) as Console;
}

function format(values: unknown[]): string {
  // Colours are for a terminal only, and only the process knows whether it has one.
  return formatWithOptions({ colors: process.stdout.isTTY === true }, ...values);
}

function open(context: Context): Console {
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      context.runtime.print(context.handle, text.endsWith("\n") ? text.slice(0, -1) : text);
      done();
    },
  });
  return new Console({ stdout: stream, stderr: stream, colorMode: process.stdout.isTTY === true });
}
