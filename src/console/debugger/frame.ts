/**
 * What V8 tells of a thread that stands still, as far as the debugger needs it.
 */

import { OWN_FILES } from "../../base/own-files.ts";
import type { Json } from "../../inspector/link.ts";
import type { ScriptTable } from "../../inspector/scripts.ts";
import type { ScriptPosition } from "../operator/script-place.ts";

/** A line as people know it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Variables that a frame sees. */
export interface Scope {
  readonly type: string;
  readonly object: { readonly objectId?: string };
}

/** A function that has begun. */
export interface Frame {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly at: ScriptPosition;
  readonly scopes: readonly Scope[];
  place: Place | undefined;
}

/** The function in which the thread stops for the debugger. */
export const STOP_SCRIPT: string = new URL("./stop.js", import.meta.url).href;

/** Node's scripts and ours, as regular expressions; the system's own services are services like any other. */
export const OWN_SCRIPTS: readonly string[] = [
  "^node:",
  `^${OWN_FILES.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!services/|console/debugger/stop\\.)`,
];

const own = OWN_SCRIPTS.map((pattern) => new RegExp(pattern));

/** Whether a frame belongs to no service. */
export function isOwnFrame({ url }: Frame): boolean {
  return url === "" || own.some((pattern) => pattern.test(url));
}

/** Reads the frames of an event Debugger.paused, innermost first. */
export function framesOf({ callFrames }: Json, scripts: ScriptTable): Frame[] {
  return (callFrames as readonly CallFrame[]).map((frame) => ({
    id: frame.callFrameId,
    name: frame.functionName,
    url: scripts.urlOf(frame.location.scriptId),
    at: frame.location,
    scopes: frame.scopeChain,
    place: undefined,
  }));
}

interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: ScriptPosition & { readonly scriptId: string };
  readonly scopeChain: readonly Scope[];
}

const SCOPE_NAMES: ReadonlyMap<string, string> = new Map([
  ["local", "local"],
  ["block", "local"],
  ["catch", "local"],
  ["closure", "captured"],
]);

/** What the operator calls a scope; undefined for those of the whole thread. */
export function nameOfScope({ type }: Scope): string | undefined {
  return SCOPE_NAMES.get(type);
}
