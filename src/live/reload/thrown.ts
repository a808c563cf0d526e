/** Where the code of a program has thrown, for people. */

import { basename } from "node:path";
import type { Program } from "../../loader/run/program.ts";

/** ` (shop.ts:12)`: the first place of the program in the stack; nothing if there is none. */
export function placeOfThrow(error: unknown, { nodes }: Program): string {
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : "";
  for (const frame of stack.split("\n")) {
    if (!frame.startsWith("    at ")) continue;
    for (const { image } of nodes.values()) {
      const at = frame.indexOf(`${image.file}:`);
      const [, line] = at < 0 ? [] : (/^:(\d+)/.exec(frame.slice(at + image.file.length)) ?? []);
      if (line !== undefined) return ` (${basename(image.file)}:${line})`;
    }
  }
  return "";
}
