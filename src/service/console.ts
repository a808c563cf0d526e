/**
 * `console` for one service: prints the plain line, as `print` does in Lua, in order with the log.
 *
 * A method that prints a line formats it and gives it to the log; below the log's level it does not even format it. All other
 * methods are those of a Console of Node over streams that end in the log too. It is made at first use; once a service groups
 * what it prints, that Console prints everything.
 *
 * Hot path (bench: print).
 */

import { Console } from "node:console";
import { Writable } from "node:stream";
import { formatWithOptions } from "node:util";
import type { Level } from "../base/log-level.ts";
import { LEVEL } from "../base/log-level.ts";
import type { Context } from "./context.ts";

const PRINTERS: Readonly<Record<string, Level>> = {
  log: LEVEL.info,
  info: LEVEL.info,
  debug: LEVEL.debug,
  warn: LEVEL.warn,
  error: LEVEL.error,
};
const GROUPERS: readonly (string | symbol)[] = ["group", "groupCollapsed"];

/** Makes a service's console. */
export function createConsole(context: Context): Console {
  let real: Console | undefined;
  /** The level of what the grouping console prints at this moment; undefined = that of its stream. */
  let printed: Level | undefined;
  const make = (): Console => open(context, () => printed);
  let isGrouping = false;
  const rest = new Proxy({} as Console, {
    get: (_target, key) => {
      if (GROUPERS.includes(key)) isGrouping = true;
      return Reflect.get((real ??= make()), key) as unknown;
    },
    has: (_target, key) => Reflect.has((real ??= make()), key),
  });
  const group = (level: Level, values: unknown[]): void => {
    printed = level;
    try {
      real?.log(...values);
    } finally {
      printed = undefined;
    }
  };
  const printer =
    (level: Level) =>
    (...values: unknown[]): void => {
      const { runtime, handle } = context;
      if (!runtime.logFloor.lets(level)) return;
      if (isGrouping) return group(level, values);
      const [first] = values;
      const isText = values.length === 1 && typeof first === "string";
      runtime.print(handle, isText ? first : format(values), level);
    };
  const own = Object.fromEntries(
    Object.entries(PRINTERS).map(([name, level]) => [name, printer(level)]),
  );
  return Object.setPrototypeOf(own, rest) as Console;
}

function format(values: unknown[]): string {
  // Colours are for a terminal only, and only the process knows whether it has one.
  return formatWithOptions({ colors: process.stdout.isTTY === true }, ...values);
}

function open({ runtime, handle }: Context, printed: () => Level | undefined): Console {
  const stream = (level: Level): Writable =>
    new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        const line = text.endsWith("\n") ? text.slice(0, -1) : text;
        runtime.print(handle, line, printed() ?? level);
        done();
      },
    });
  return new Console({
    stdout: stream(LEVEL.info),
    stderr: stream(LEVEL.warn),
    colorMode: process.stdout.isTTY === true,
  });
}
