/**
 * Where the code that runs is, in files of the program: for lines of the log that have to lead an operator there.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { takeOwnStack } from "../loader/text/own-stack.ts";
import { isGeneratedFrame } from "../loader/text/stack.ts";
import { OWN_FILES } from "../base/own-files.ts";
import type { Runtime } from "./runtime.ts";

/** Places that a line shows. */
const FRAMES_SHOWN_MAX = 3;

/** Frames that are asked for, ours included. */
const FRAMES_MAX = 30;

/** Names the places of a stack that belong to the program, innermost first: `@./services/agent.ts:12`. */
export function placesIn(stack: readonly string[], { paths }: Runtime): string {
  const places: string[] = [];
  for (const text of stack) {
    const found = /(file:[^()\s]+):(\d+):\d+\)?$/.exec(text);
    if (found?.[1] === undefined || found[1].startsWith(OWN_FILES)) continue;
    if (isGeneratedFrame(text)) continue;
    const whole = fileURLToPath(found[1]);
    const path = relative(paths.root, whole);
    places.push(`@${path.startsWith("..") ? whole : `./${path}`}:${found[2]}`);
  }
  return places.slice(0, FRAMES_SHOWN_MAX).join(" ");
}

/** Names the place of the code that runs; empty if that is nowhere in the program. */
export function currentPlaces(runtime: Runtime): string {
  return placesIn(takeOwnStack(FRAMES_MAX), runtime);
}
