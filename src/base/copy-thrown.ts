/**
 * The copy of what a handler threw: it is always made, no matter what is on the error, and the time for it is linear.
 *
 * An error as libraries make it holds sockets, requests and callbacks, refers to itself, and has causes without end. What
 * can be sent is kept, the class too; what can't is left out, and the copy says so in `leftOut`. Each error has one copy, so
 * circles stay. Errors are filled one after the other and not inside each other, so a chain needs no depth of stack. Leaves
 * out: errors that are data in a message, which is refused whole if something in it can't be sent (copy-error.ts).
 *
 *     meet the error -> an empty copy, and a place in the list
 *     each of the list -> text, cause, errors, fields; an error that these lead to is met
 */

import { createLike, defineField, HIDDEN_KEYS } from "./copy-error.ts";
import { explainField, textOfThrown } from "./copy-refusal.ts";
import { isPlain, Walk } from "./copy.ts";
import {
  ERROR_COUNT_MAX,
  ERROR_DEPTH_MAX,
  ERROR_NOTES_MAX,
  ERROR_REFUSED_MAX,
  ERROR_TEXT_MAX,
} from "./limits.ts";

/** What the copy of an error says of what is not in it. */
export interface Incomplete {
  /** What was left out and why, one text for each: `config .onRetry is a function`. */
  readonly leftOut?: readonly string[];
}

/**
 * Copies an error that was thrown.
 *
 * @returns an error that can be sent, as far as anything can: it is nested no deeper than a message may be.
 * @throws only what the end of the stack throws.
 */
export function copyThrown(thrown: Error): Error {
  return new ThrownCopy().copy(thrown);
}

/**
 * Copies only what makes an error an error: for when even its copy can't be sent.
 *
 * @param reason - why, as it follows "all else".
 */
export function copyBare(thrown: Error, reason: string): Error {
  const copy = createQuietly(thrown);
  for (const key of ["stack", "message", "name"] as const) {
    defineField(copy, key, cut(String(thrown[key])), false);
  }
  for (const key of ["code", "remote"]) {
    const value = (thrown as unknown as Record<string, unknown>)[key];
    if (typeof value === "string") defineField(copy, key, value, true);
  }
  defineField(copy, "leftOut", [`all else ${reason}`], true);
  return copy;
}

/** An error that has a copy. */
interface Entry {
  readonly source: Error;
  readonly copy: Error;
  /** How deep it is in the message. */
  readonly depth: number;
  /** In how many errors it is. */
  readonly level: number;
  /** What was left out of it. */
  readonly notes: string[];
  /** How much more was left out. */
  unsaid: number;
}

/** Why an error that is met gets no copy. */
class TooMany extends Error {}

/** The copies of objects, in the order in which they were made, so that the last ones can be taken back. */
class Trail extends Map<object, unknown> {
  readonly order: object[] = [];

  override set(source: object, copy: unknown): this {
    this.order.push(source);
    return super.set(source, copy);
  }
}

/** One error that was thrown, with all that it leads to. */
class ThrownCopy {
  readonly #walk = new Walk();
  readonly #trail = new Trail();
  readonly #copies = new Map<Error, Error>();
  readonly #entries: Entry[] = [];
  /** How many errors are around the one that is being filled. */
  #level = -1;
  /** Objects of fields that could not be sent. */
  #refused = 0;

  copy(thrown: Error): Error {
    this.#walk.later = this.#trail;
    this.#walk.errors = (source, depth) => this.#meet(source, depth);
    const copy = this.#meet(thrown, 1);
    for (let index = 0; index < this.#entries.length; index++) {
      const entry = this.#entries[index] as Entry;
      this.#level = entry.level;
      this.#fill(entry);
    }
    return copy;
  }

  /** Returns the copy of an error, which is filled later. */
  #meet(source: Error, depth: number): Error {
    const known = this.#copies.get(source);
    if (known !== undefined) return known;
    const level = this.#level + 1;
    if (level >= ERROR_DEPTH_MAX) {
      throw new TooMany(
        `leads to more than ERROR_DEPTH_MAX ${ERROR_DEPTH_MAX} errors inside each other`,
      );
    }
    if (this.#copies.size >= ERROR_COUNT_MAX) {
      throw new TooMany(`leads to more than ERROR_COUNT_MAX ${ERROR_COUNT_MAX} errors`);
    }
    const copy = createQuietly(source);
    this.#copies.set(source, copy);
    this.#entries.push({ source, copy, depth, level, notes: [], unsaid: 0 });
    return copy;
  }

  #fill(entry: Entry): void {
    const { source, copy } = entry;
    fillText(entry);
    try {
      for (const key of HIDDEN_KEYS) {
        if (Object.hasOwn(source, key)) this.#field(entry, key, false);
      }
      for (const key of Object.keys(source)) {
        if (!HIDDEN_KEYS.includes(key)) this.#field(entry, key, true);
        else if (Object.hasOwn(copy, key)) Object.defineProperty(copy, key, { enumerable: true });
      }
    } catch (failure) {
      note(entry, () => `its fields can't be listed: ${textOfThrown(failure)}`);
    }
    tellNotes(entry);
  }

  #field(entry: Entry, key: string, enumerable: boolean): void {
    const read = readField(entry, key);
    if (read === undefined) return;
    const { value } = read;
    // An own text of an error is filled already, and may have been cut.
    if (isText(key) && typeof value === "string") {
      defineField(entry.copy, key, entry.copy[key], enumerable);
    } else if (key === "errors" && Array.isArray(value)) {
      defineField(entry.copy, key, this.#list(entry, value), enumerable);
    } else {
      const copied = this.#value(entry, key, value);
      if (copied !== undefined) defineField(entry.copy, key, copied.value, enumerable);
    }
  }

  /** Copies the errors of an AggregateError: the others are kept if one can't be sent. */
  #list(entry: Entry, errors: readonly unknown[]): unknown[] {
    const copies: unknown[] = [];
    for (let index = 0; index < errors.length; index++) {
      if (this.#copies.size >= ERROR_COUNT_MAX) {
        const reason = `more than ERROR_COUNT_MAX ${ERROR_COUNT_MAX} errors`;
        note(entry, () => `errors from [${index}] on, of ${errors.length}: ${reason}`);
        break;
      }
      const name = `errors[${index}]`;
      const copied = this.#value(entry, name, errors[index]);
      copies.push(copied === undefined ? new Error(`${name} was left out`) : copied.value);
    }
    return copies;
  }

  /** Copies what a field holds; undefined if it is left out. */
  #value(entry: Entry, name: string, value: unknown): { value: unknown } | undefined {
    if (isPlain(value)) return { value };
    if (this.#refused > ERROR_REFUSED_MAX) {
      note(entry, () => `${name} comes after too much that can't be sent`);
      return undefined;
    }
    const { order } = this.#trail;
    const { count } = this.#walk;
    const { length } = order;
    try {
      return { value: this.#walk.copy(value, entry.depth + 1) };
    } catch (failure) {
      this.#refused += order.length - length + this.#walk.count - count + 1;
      this.#takeBack(count, length);
      note(entry, () =>
        failure instanceof TooMany
          ? `${name} ${failure.message}`
          : explainField(name, value, failure, entry.depth),
      );
      return undefined;
    }
  }

  /** Forgets the copies of a field that is left out: some of them were not done. */
  #takeBack(count: number, length: number): void {
    const walk = this.#walk;
    for (let at = count; at < walk.count; at++) walk.sources[at] = walk.copies[at] = undefined;
    walk.count = count;
    const { order } = this.#trail;
    for (const source of order.splice(length)) this.#trail.delete(source);
  }
}

/** The texts that every error has, in own properties or by its class. */
const TEXTS = ["message", "name", "stack"] as const;

function isText(key: string): key is (typeof TEXTS)[number] {
  return (TEXTS as readonly string[]).includes(key);
}

function fillText(entry: Entry): void {
  const { copy } = entry;
  const message = readText(entry, "message");
  defineField(copy, "message", message ?? entry.notes.at(-1) ?? "", false);
  const name = readText(entry, "name");
  if (name !== undefined && name !== copy.name) defineField(copy, "name", name, false);
  // Reading `stack` formats it: the price of an error that still says where it was thrown.
  const stack = readText(entry, "stack") ?? `${copy.name}: ${copy.message}`;
  defineField(copy, "stack", stack, false);
}

function readText(entry: Entry, key: string): string | undefined {
  const read = readField(entry, key);
  if (read === undefined || read.value === undefined) return undefined;
  try {
    const text = String(read.value as string);
    if (text.length > ERROR_TEXT_MAX) {
      note(entry, () => `${key} behind its first ${ERROR_TEXT_MAX} of ${text.length} characters`);
    }
    return cut(text);
  } catch (failure) {
    note(entry, () => `${key} is no text: ${textOfThrown(failure)}`);
    return undefined;
  }
}

function readField(entry: Entry, key: string): { value: unknown } | undefined {
  try {
    return { value: (entry.source as unknown as Record<string, unknown>)[key] };
  } catch (failure) {
    note(entry, () => `${key} threw when it was read: ${textOfThrown(failure)}`);
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > ERROR_TEXT_MAX ? text.slice(0, ERROR_TEXT_MAX) : text;
}

/** An empty error of the class of another one, as far as that can be found out. */
function createQuietly(source: Error): Error {
  try {
    return createLike(source);
  } catch {
    // Its code throws when it is read, or a trap of a proxy does; the fields will say so.
    return new Error();
  }
}

function note(entry: Entry, text: () => string): void {
  if (entry.notes.length < ERROR_NOTES_MAX) entry.notes.push(text());
  else entry.unsaid += 1;
}

/** Writes what was left out into the copy, behind what was left out of the error when it was copied before. */
function tellNotes({ copy, notes, unsaid }: Entry): void {
  if (notes.length === 0) return;
  const { leftOut } = copy as { leftOut?: unknown };
  const before = Array.isArray(leftOut) ? leftOut.filter((each) => typeof each === "string") : [];
  const all = [...before, ...notes];
  const hidden = unsaid + Math.max(0, all.length - ERROR_NOTES_MAX);
  const said = all.slice(0, ERROR_NOTES_MAX);
  if (hidden > 0) said.push(`${hidden} more`);
  defineField(copy, "leftOut", said, true);
}
