/**
 * The order of a table's rows, and a part of it: a page in the order of its keys, or the rows with the most of something.
 *
 *     after=:0000000a limit=100     the hundred rows behind that key; the answer names the key of its last row as `next`
 *     sort=cpu n=20                 the twenty rows with the greatest cpu
 *
 * Commands over all services make no more rows than are asked for (isPaged), on each thread; of any other table the part is cut
 * out here. The rows of threads that do not answer are in every part.
 */

import { API_PAGE_LENGTH, API_PAGE_MAX, API_TOP_LENGTH, API_TOP_MAX } from "../../base/limits.ts";
import { SnaxError } from "../../base/error.ts";
import type { Table } from "./command.ts";
import { parseAddress } from "../../kernel/service.ts";

/** Tables whose rows are known to be in the order in which they are printed. */
const inOrder = new WeakSet<Table>();

/** Says so of a table. */
export function markInOrder<T extends Table>(table: T): T {
  inOrder.add(table);
  return table;
}

/** Whether it was said. */
export function isInOrder(table: Table): boolean {
  return inOrder.has(table);
}

/** Which rows are asked for. */
export type Part =
  | { readonly kind: "page"; readonly after: string | undefined; readonly limit: number }
  | { readonly kind: "top"; readonly field: string; readonly count: number };

/** Rows, and behind which key the next ones begin. */
export interface PartOfTable {
  readonly rows: Table;
  /** @defaultValue there are no more, or they are the top of a table */
  readonly next?: string | undefined;
}

/** A row as it is compared. */
type Row = readonly [key: string, row: unknown];

/**
 * Reads a part from the words of a query.
 *
 * @throws {ERR_ARGUMENT} if they ask for none.
 */
export function readPart(words: ReadonlyMap<string, string>): Part {
  const field = words.get("sort");
  if (field === undefined) {
    if (words.has("n")) throw wrong("n goes with sort; a page has a limit");
    const limit = readCount(words, "limit", API_PAGE_LENGTH, API_PAGE_MAX);
    return { kind: "page", after: words.get("after"), limit };
  }
  if (words.has("after") || words.has("limit"))
    throw wrong("sort goes with n, without after and limit");
  return { kind: "top", field, count: readCount(words, "n", API_TOP_LENGTH, API_TOP_MAX) };
}

function readCount(
  words: ReadonlyMap<string, string>,
  name: string,
  usual: number,
  most: number,
): number {
  const word = words.get(name);
  if (word === undefined) return usual;
  const count = /^\d{1,9}$/.test(word) ? Number(word) : 0;
  if (count >= 1 && count <= most) return count;
  throw wrong(`${name} is ${JSON.stringify(word.slice(0, 40))}; expected a number, 1..${most}`);
}

/**
 * Takes a part out of a table.
 *
 * @param isOrdered - its rows are in an order of their own, not in that of their keys.
 * @throws {ERR_ARGUMENT} if its rows have no such number, or no row has such a key.
 */
export function takePart(table: Table, part: Part, isOrdered: boolean): PartOfTable {
  const notes = [...table].filter(isNote);
  const rows = notes.length === 0 ? [...table] : [...table].filter((row) => !isNote(row));
  const isSorted = isOrdered || isInOrder(table);
  if (!isSorted) rows.sort(([one], [other]) => compareTexts(one, other));
  if (part.kind === "top") {
    const top = new TopRows(part.field, part.count);
    for (const [key, row] of rows) top.add(key, row);
    return { rows: new Map([...top.rows(), ...notes]) };
  }
  const { after, limit } = part;
  const begin = after === undefined ? 0 : placeBehind(rows, after, isOrdered);
  const page = rows.slice(begin, begin + limit);
  const next = rows.length > begin + limit ? page.at(-1)?.[0] : undefined;
  return { rows: new Map([...page, ...notes]), next };
}

/** What is in a table for a thread that does not answer. */
function isNote([key, row]: Row): boolean {
  return typeof row === "string" && /^thread \d+$/.test(key);
}

function placeBehind(rows: readonly Row[], after: string, isOrdered: boolean): number {
  const place = isOrdered
    ? rows.findIndex(([key]) => key === after) + 1
    : rows.findIndex(([key]) => key > after);
  if (!isOrdered) return place < 0 ? rows.length : place;
  if (place > 0) return place;
  throw wrong(`after: no row has the key ${JSON.stringify(after.slice(0, 80))}`);
}

/** The rows of a part as a command makes them, one after the other in the order of their keys. */
export class PartRows {
  readonly #part: Part | undefined;
  readonly #top: TopRows | undefined;
  readonly #rows = new Map<string, unknown>();

  /** @param part - @defaultValue all rows */
  constructor(part: Part | undefined) {
    this.#part = part;
    this.#top = part?.kind === "top" ? new TopRows(part.field, part.count) : undefined;
  }

  /**
   * The handle behind which the rows begin, where keys are addresses.
   *
   * @throws {ERR_ARGUMENT} if the key is not an address.
   */
  get after(): number {
    const word = this.#part?.kind === "page" ? this.#part.after : undefined;
    const handle = word === undefined ? 0 : parseAddress(word);
    if (handle !== undefined) return handle;
    throw wrong(`after: ${JSON.stringify(word?.slice(0, 80))} is no address, as :0000000a`);
  }

  /** Takes a row. @returns false when there are enough: one more than the page has tells that it is not the last */
  add(key: string, row: unknown): boolean {
    if (this.#top === undefined) this.#rows.set(key, row);
    else this.#top.add(key, row);
    return this.#part?.kind !== "page" || this.#rows.size <= this.#part.limit;
  }

  /** The rows so far. */
  table(): Table {
    return this.#top === undefined ? markInOrder(this.#rows) : new Map(this.#top.rows());
  }
}

/** The rows with the greatest numbers of a field, the greatest first. */
export class TopRows {
  readonly #field: string;
  readonly #count: number;
  readonly #rows: [key: string, row: unknown, value: number][] = [];

  constructor(field: string, count: number) {
    this.#field = field;
    this.#count = count;
  }

  /** @throws {ERR_ARGUMENT} if the row has no such number. */
  add(key: string, row: unknown): void {
    const value = numberIn(row, this.#field);
    const rows = this.#rows;
    const last = rows.at(-1);
    if (rows.length === this.#count && last !== undefined && last[2] >= value) return;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // Of equals the first that came stays in front.
      if ((rows[middle]?.[2] ?? 0) >= value) low = middle + 1;
      else high = middle;
    }
    rows.splice(low, 0, [key, row, value]);
    if (rows.length > this.#count) rows.pop();
  }

  rows(): Row[] {
    return this.#rows.map(([key, row]) => [key, row]);
  }
}

function numberIn(row: unknown, field: string): number {
  const isRecord = typeof row === "object" && row !== null;
  const value = isRecord && Object.hasOwn(row, field) ? (row as Record<string, unknown>)[field] : 0;
  if (isRecord && typeof value === "number" && Object.hasOwn(row, field)) return value;
  const numbers = isRecord
    ? Object.entries(row).filter(([, each]) => typeof each === "number")
    : [];
  const known = numbers.map(([name]) => name).join(", ");
  const hint = known === "" ? "its rows have no numbers" : `use ${known}`;
  throw wrong(`sort: no number ${JSON.stringify(field.slice(0, 40))} in this table; ${hint}`);
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function wrong(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}
