/** What travels of a service that goes to another thread, what the two threads say to each other, and what a move fails with. */

import { DefaultDeserializer, DefaultSerializer } from "node:v8";
import { codeOf, SnaxError } from "../../base/error.ts";
import { messageOf } from "../../service/error-text.ts";
import type { TimerPlan } from "../reload/moving-timers.ts";
import type { State } from "../state/state.ts";
import type { LongState } from "./long-state.ts";
import { fromList, toList } from "./long-state.ts";
import type { ObjectPlan } from "./objects.ts";
import type { UndoEntry, Wanted } from "./texts.ts";

/** The command of a thread's steward by which a service comes. */
export const ADOPT = "ADOPT";

/** The one by which the other thread gets ready for that. */
export const PREPARE = "AWAIT";

/** The word by which it makes the instance already, while the state is being taken. */
export const FORM_WORD = "moved.form";

/** The word that takes it back. */
export const DISCARD_WORD = "moved.discard";

/** What an instance is made from. */
export interface Head {
  readonly handle: number;
  readonly from: number;
  readonly kind: string;
  readonly name: string;
  readonly title: string;
  readonly args: readonly unknown[];
}

/** What travels of a service. */
export interface Pack extends PackedData {
  readonly handle: number;
  /** Undefined = they have gone with {@link FORM_WORD}. */
  readonly args: readonly unknown[] | undefined;
  readonly objects: readonly ObjectPlan[];
  /** Its variables; undefined if the other thread could not read them: they have to come as a list. */
  readonly state: State | undefined;
}

/** The part of it that is plain data. */
interface PackedData {
  readonly from: number;
  readonly kind: string;
  readonly name: string;
  readonly title: string;
  readonly isQueue: boolean;
  readonly session: number;
  readonly messageCount: number;
  readonly cpuMs: number;
  /** The number of its program on the other thread: its answer to {@link PREPARE}. */
  readonly program: number;
  /** What its modules run, if that is more than the texts of files that are its own. */
  readonly wanted: Wanted | undefined;
  /** What patches have assigned, for a rollback. */
  readonly undo: readonly UndoEntry[];
  readonly timers: readonly TimerPlan[];
  /** What its code has registered, for people. */
  readonly registered: readonly string[];
}

/** It as it is sent: plain data as bytes, for the code that writes a message looks at every value of it. */
export type SentPack = readonly [
  handle: number,
  args: readonly unknown[] | undefined,
  objects: readonly ObjectPlan[],
  data: Uint8Array,
];

/** Writes out what travels of a service. @param isList - its state as a list: the other thread could not read it else */
export function writePack(
  { handle, args, objects, state, ...data }: Pack,
  isList: boolean,
): SentPack {
  const bytes =
    within(() => (isList ? undefined : write(data, state))) ?? write(data, toList(state as State));
  return [handle, args, objects, bytes];
}

/** How many bytes it takes on the way. */
export function sizeOf([, , , bytes]: SentPack): number {
  return bytes.length;
}

/** Reads what has come of a service. */
export function readPack([handle, args, objects, bytes]: SentPack): Pack {
  const reader = new DefaultDeserializer(bytes);
  reader.readHeader();
  const data = reader.readValue() as PackedData;
  const read = within(() => reader.readValue() as State | LongState);
  const state = Array.isArray(read) ? (fromList(read as LongState) as State) : read;
  return { handle, args, objects, state: state as State | undefined, ...data };
}

function write(data: PackedData, state: unknown): Uint8Array {
  const writer = new DefaultSerializer();
  writer.writeHeader();
  writer.writeValue(data);
  writer.writeValue(state);
  return writer.releaseBuffer();
}

/** V8 goes down from object to object, and has only so much stack for that: more to write them out than to read them. */
function within<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The answer of a thread that has other texts. */
export const NEEDS_CODE = "texts";

/** The answer of a thread on which a patch of many services is under way. */
export const BUSY = "patch";

/** The answer of a thread that could not read the state: see {@link Pack.state}. */
export const NEEDS_LIST = "list";

/** The names of what was carried, or why it was not. */
export type Adopted = readonly string[] | typeof BUSY | typeof NEEDS_CODE | typeof NEEDS_LIST;

/** Refuses to move a service. */
export function migrateError(why: string, cause?: unknown): SnaxError {
  return new SnaxError("ERR_MIGRATE", why, cause === undefined ? {} : { cause });
}

/** Says of every failure that it was the move's, and keeps what it was. */
export function asMigrateError(error: unknown): SnaxError {
  const code = codeOf(error);
  if (code === "ERR_MIGRATE") return error as SnaxError;
  return migrateError(messageOf(error), error);
}
