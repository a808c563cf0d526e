/**
 * What `hotfix()` of a patch has assigned to variables of a module, for a rollback of the patch.
 *
 *     kept         -> the values before, and those that it wrote: of the last ROLLBACK_PATCHES_MAX
 *                     patches of a module, and ROLLBACK_STATE_MAX in all; the oldest go first
 *     taken back   -> each variable that has still the value that was written gets the one before
 *
 * A patch that assigned nothing leaves nothing here, and what a module has goes with it.
 */

import { types } from "node:util";
import { LEDGER_LENGTH_MAX, ROLLBACK_PATCHES_MAX, ROLLBACK_STATE_MAX } from "../../base/limits.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { UndoLog } from "./undo-log.ts";

/** One variable. */
interface Assigned {
  readonly name: string;
  readonly index: number;
  before: unknown;
  readonly written: unknown;
}

/** What one patch has assigned in one module. */
export interface Written {
  /** The text of the patch. */
  readonly text: string;
  readonly assigned: readonly Assigned[];
  readonly read: (index: number) => unknown;
  readonly write: (index: number, value: unknown) => void;
}

interface Kept extends Written {
  assigned: readonly Assigned[];
  read: (index: number) => unknown;
  write: (index: number, value: unknown) => void;
  /** What it counts as; 0 once the values are gone. */
  bytes: number;
  /** The values are gone, for there was no room. */
  isDropped: boolean;
}

/** Bytes that an entry takes besides its values: the functions that read and write them. */
const ENTRY_BYTES = 1024;

/** Room is made for more than one, for that looks through all of them. */
const FILL_SHARE = 7 / 8;

/** By module, the oldest first. */
const states = new WeakMap<ModuleInstance, readonly Kept[]>();

/** All that have values, the oldest first; those of modules that are gone count no more. */
let queue: { readonly module: WeakRef<ModuleInstance>; readonly kept: WeakRef<Kept> }[] = [];
let total = 0;

/** Keeps what a patch that stays has assigned. */
export function keepWritten(module: ModuleInstance, written: Written): void {
  const values = written.assigned.flatMap(({ before, written: value }) => [before, value]);
  const bytes = ENTRY_BYTES + sizeOf(values, ROLLBACK_STATE_MAX);
  const kept: Kept = { ...written, bytes, isDropped: false };
  const all = [...(states.get(module) ?? []), kept].slice(-LEDGER_LENGTH_MAX);
  states.set(module, all);
  const old = all.at(-ROLLBACK_PATCHES_MAX - 1);
  if (old !== undefined) empty(old);
  if (bytes > ROLLBACK_STATE_MAX) return empty(kept);
  total += bytes;
  queue.push({ module: new WeakRef(module), kept: new WeakRef(kept) });
  if (total > ROLLBACK_STATE_MAX) makeRoom();
}

/** Says whether something is kept that one of these patches has assigned. */
export function hasWritten(module: ModuleInstance, texts: readonly string[]): boolean {
  return states.get(module)?.some(({ text }) => texts.includes(text)) === true;
}

/** What a patch has assigned, on its way to another instance of the module. */
export interface MovingWritten {
  readonly text: string;
  readonly names: readonly string[];
  /** Before and after, of each variable in turn; undefined if they are gone. */
  readonly values: readonly unknown[] | undefined;
}

/** What is kept of a module, the oldest first. */
export function listWritten(module: ModuleInstance): MovingWritten[] {
  return (states.get(module) ?? []).map(({ text, assigned, isDropped }) => {
    const names = assigned.map(({ name }) => name);
    const values = assigned.flatMap(({ before, written }) => [before, written]);
    return { text, names, values: isDropped ? undefined : values };
  });
}

/** Keeps for a module what another instance of it had kept. */
export function bringWritten(module: ModuleInstance, { text, names, values }: MovingWritten): void {
  const assigned = names.map((name, index) => {
    return { name, index, before: values?.[2 * index], written: values?.[2 * index + 1] };
  });
  const read = (index: number): unknown => module.read(names[index] ?? "");
  const write = (index: number, value: unknown): void => module.write(names[index] ?? "", value);
  keepWritten(module, { text, assigned, read, write });
  const kept = states.get(module)?.at(-1);
  if (values === undefined && kept !== undefined) empty(kept);
}

/**
 * Gives variables the values that they had before patches assigned them.
 *
 * @param texts - of the patches, each meant once
 * @returns the names of those that keep what they have: other code has written them since, or the
 * values before are no longer known.
 */
export function restoreWritten(
  module: ModuleInstance,
  texts: readonly string[],
  log: UndoLog,
): string[] {
  const all = states.get(module);
  if (all === undefined) return [];
  const kept: string[] = [];
  const left = [...all];
  log.note(() => states.set(module, all));
  // Other modules hear of exported variables, also if this is undone.
  log.note(() => module.republish());
  const wanted = [...texts];
  for (const state of all.toReversed()) {
    const at = wanted.indexOf(state.text);
    if (at < 0) continue;
    wanted.splice(at, 1);
    const place = left.indexOf(state);
    left.splice(place, 1);
    kept.push(...restoreOne(state, left.slice(place), log));
  }
  states.set(module, left);
  module.republish();
  return kept;
}

function restoreOne(state: Kept, later: readonly Kept[], log: UndoLog): string[] {
  const kept: string[] = [];
  for (const { name, index, before, written } of state.assigned) {
    if (!state.isDropped && Object.is(readOf(state, index), written)) {
      log.note(() => state.write(index, written));
      state.write(index, before);
      continue;
    }
    kept.push(name);
    // To take the later patch back then leads to what was before this one.
    const next = later.flatMap((each) => each.assigned).find((each) => each.name === name);
    if (next === undefined || state.isDropped || !Object.is(next.before, written)) continue;
    log.note(() => void (next.before = written));
    next.before = before;
  }
  return kept;
}

function readOf({ read }: Written, index: number): unknown {
  try {
    return read(index);
  } catch {
    // It has not been declared yet, or is gone.
    return undefined;
  }
}

/** The oldest values go; that there were some is still known. */
function makeRoom(): void {
  const alive = queue.flatMap(({ module, kept }) => {
    const one = module.deref() === undefined ? undefined : kept.deref();
    return one === undefined || one.bytes === 0 ? [] : [one];
  });
  total = alive.reduce((sum, { bytes }) => sum + bytes, 0);
  const most = ROLLBACK_STATE_MAX * FILL_SHARE;
  // The newest has room, however large it is.
  for (const kept of alive.slice(0, -1)) {
    if (total <= most) break;
    total -= kept.bytes;
    empty(kept);
  }
  queue = queue.filter(({ module, kept }) => module.deref() && kept.deref()?.bytes);
}

/** Lets go of the values, and of the code of the patch. */
function empty(kept: Kept): void {
  kept.assigned = kept.assigned.map(({ name, index }) => {
    return { name, index, before: undefined, written: undefined };
  });
  kept.read = kept.write = nothing;
  kept.bytes = 0;
  kept.isDropped = true;
}

function nothing(): undefined {}

/** Bytes that an object takes besides what it holds. */
const OBJECT_BYTES = 64;

/**
 * Estimates what values keep alive; more than the limit is told as one more. Runs no code of the
 * service: a proxy, or what can't be looked into, counts as too large.
 */
function sizeOf(values: readonly unknown[], limit: number): number {
  const seen = new Set<object>();
  const waiting: unknown[] = [...values];
  let bytes = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    bytes += 16;
    if (typeof value === "string") bytes += 2 * value.length;
    const isObject = typeof value === "object" && value !== null;
    // A function lives in the service's code.
    if (isObject && !seen.has(value)) {
      seen.add(value);
      if (types.isProxy(value)) return limit + 1;
      bytes += OBJECT_BYTES + (ArrayBuffer.isView(value) ? value.byteLength : 0);
      if (types.isAnyArrayBuffer(value)) bytes += value.byteLength;
      pushHeld(value, waiting);
    }
    if (bytes + 16 * waiting.length > limit) return limit + 1;
  }
  return bytes;
}

const mapForEach = Function.prototype.call.bind(Map.prototype.forEach) as (
  map: Map<unknown, unknown>,
  run: (value: unknown, key: unknown) => void,
) => void;
const setForEach = Function.prototype.call.bind(Set.prototype.forEach) as (
  set: Set<unknown>,
  run: (value: unknown) => void,
) => void;

function pushHeld(value: object, waiting: unknown[]): void {
  if (types.isMap(value)) mapForEach(value, (held, key) => void waiting.push(key, held));
  else if (types.isSet(value)) setForEach(value, (held) => void waiting.push(held));
  if (ArrayBuffer.isView(value)) return;
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    if (property !== undefined && "value" in property) waiting.push(property.value);
  }
}
