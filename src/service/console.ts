/**
 * `console` for one service: prints the plain line, as `print` does in Lua, in order with the log.
 *
 * It is Node's own Console over a stream that ends in the log, made when it is first used: most services never print.
 */

import { Console } from "node:console";
import { Writable } from "node:stream";
import type { Context } from "./context.ts";

/** Makes a service's console. */
export function createConsole(context: Context): Console {
  let real: Console | undefined;
  return new Proxy({} as Console, {
    get: (_target, key) => Reflect.get((real ??= open(context)), key) as unknown,
    has: (_target, key) => Reflect.has((real ??= open(context)), key),
  });
}

function open(context: Context): Console {
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      context.runtime.print(context.handle, text.endsWith("\n") ? text.slice(0, -1) : text);
      done();
    },
  });
  // Colours are for a terminal only, and only the process knows whether it has one.
  return new Console({ stdout: stream, stderr: stream, colorMode: process.stdout.isTTY === true });
}
