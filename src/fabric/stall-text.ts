/**
 * What the log says of a handler that does not return, in skynet's words and more.
 */

import type { Level } from "../base/log-level.ts";
import { LEVEL } from "../base/log-level.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Finding } from "./finding.ts";
import type { Phase } from "./phase.ts";
import type { StallWatch } from "./stall-watch.ts";
import type { DeskReport } from "./watch-desk.ts";

/** A line for the log, and under whose address it is written. */
export interface StallLine {
  readonly handle: number;
  readonly text: string;
  readonly level: Level;
}

/** Where V8 neither pauses nor answers. */
export const AT_THE_END = "it recurses at the end of its stack, where nothing can be looked at";

/** Says that a handler has not returned for so long. */
export function describeStall(
  { source, handle, dispatch }: Phase,
  ms: number,
  finding: Finding,
): StallLine {
  const head =
    `A message from [ ${formatAddress(source)} ] to [ ${formatAddress(handle)} ] ` +
    `maybe in an endless loop (version = ${dispatch})`;
  const text = `${head} : ${since(ms)}${detail(finding)}`;
  return { handle: 0, text, level: LEVEL.warn };
}

/** Says what came of the attempt to cut it off; undefined if it had returned by itself. */
export function describeInterrupt(
  { handle }: Phase,
  ms: number | undefined,
  finding: Finding,
): StallLine | undefined {
  const text = textOfInterrupt(ms, finding);
  return text === undefined ? undefined : { handle, text, level: LEVEL.error };
}

function textOfInterrupt(ms: number | undefined, finding: Finding): string | undefined {
  const age = ms === undefined ? "" : `, ${since(ms)}`;
  switch (finding.kind) {
    case "interrupted": {
      const after = ms === undefined ? "" : ` after ${Math.round(ms)} ms`;
      return `interrupted${after} : ${describe(finding.report)}`;
    }
    case "refused":
      return `can't be interrupted : ${finding.why}; it goes on${age}, ${describe(finding.report)}`;
    case "silent":
      return `can't be interrupted : it is in native code, which nothing stops${age}`;
    case "deep":
      return `can't be interrupted : ${AT_THE_END}${age}`;
    case "debugged":
      return `can't be interrupted : a debugger holds its thread${age}`;
    default:
      return undefined;
  }
}

/** Says whether an attempt is worth a line: one that came to nothing for the same reason as the last one is not. */
export function isWorthALine(finding: Finding, watch: StallWatch): boolean {
  if (finding.kind === "interrupted") return true;
  return watch.isNews(finding.kind === "refused" ? finding.why : finding.kind);
}

/** Says that code outside any message keeps a thread. */
export function describeOutside(thread: number, ms: number, finding: Finding): StallLine {
  const what = `thread ${thread} : code outside any message does not return`;
  const where = "report" in finding ? `\n${finding.report.stack}` : detail(finding);
  return { handle: 0, text: `${what}, ${since(ms)}${where}`, level: LEVEL.warn };
}

/** Says that a handler which was told of has returned. */
export function describeReturn({ handle }: Phase, ms: number): StallLine {
  const text = `the handler has returned after ${Math.round(ms)} ms`;
  return { handle, text, level: LEVEL.info };
}

function detail(finding: Finding): string {
  if ("report" in finding) return `, ${describe(finding.report)}`;
  if (finding.kind === "deep") return `, ${AT_THE_END}`;
  return finding.kind === "silent" ? ", in native code: it has no stack" : "";
}

function describe({ title, message, sender, stack }: DeskReport): string {
  return `${title}, ${message} from ${sender}\n${stack}`;
}

const since = (ms: number): string => `for ${Math.round(ms)} ms`;
