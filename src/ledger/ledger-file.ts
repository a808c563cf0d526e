/**
 * The ledger of a node on disk: one line a decision, each on the disk before it counts.
 *
 *     <folder>/ledger.jsonl        the lines
 *     <folder>/ledger.jsonl.lock   who writes them
 *     <folder>/texts/<sha256>      the texts that patches were made for
 *
 * A process that dies while it writes leaves a torn last line, which nobody reads; every earlier
 * line is whole. Patches may hold secrets, so only the user of the process reads these files.
 */

import { createHash } from "node:crypto";
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SnaxError } from "../base/error.ts";
import { LEDGER_BYTES_MAX, LEDGER_LINES_MAX } from "../base/limits.ts";
import type { LedgerEntry, LedgerLine, PreparedLine } from "./entry.ts";
import { foldLines, parseLine } from "./entry.ts";
import type { LedgerLock } from "./ledger-lock.ts";
import { errnoOf, takeLock } from "./ledger-lock.ts";

/** Patches that a ledger keeps of those that are no longer in, when it is written anew. */
const PAST_KEPT = 100;

/** A ledger on disk. */
export class LedgerFile {
  readonly path: string;
  /** What the lines said when it was opened, the oldest patch first. */
  readonly entries: readonly LedgerEntry[];
  /** Lines that are none of ours. */
  readonly foreign: number;
  /** The process that writes it, if that is not this one. */
  readonly writer: number | undefined;
  /** Taken when it is opened; where there is no ledger yet, with the first line. */
  #lock: LedgerLock | undefined;
  #file: number | undefined;

  /**
   * Opens a ledger, for writing unless another process does so. Nothing is created before the first
   * line but the lock, and that only where there is a ledger.
   *
   * @throws {ERR_LEDGER} if it can't be read, or is longer than LEDGER_BYTES_MAX.
   */
  constructor(path: string) {
    this.path = path;
    const text = readLedger(path);
    const holder = text === undefined ? undefined : lockLedger(path);
    this.writer = typeof holder === "number" ? holder : undefined;
    this.#lock = typeof holder === "object" ? holder : undefined;
    // Race: whoever had the lock may have written between the two.
    const lines = (this.#lock === undefined ? text : readLedger(path))?.split("\n") ?? [];
    // The text after the last line break is a torn line, or nothing.
    const whole = lines.slice(0, -1);
    const read = whole.map(parseLine);
    this.foreign = read.filter((line) => line === undefined).length;
    this.entries = foldLines(read.filter((line) => line !== undefined));
    if (whole.length > LEDGER_LINES_MAX && this.#lock !== undefined) this.#compact();
  }

  /**
   * Writes a line; it is on the disk when this returns.
   *
   * @throws {ERR_LEDGER} if the disk does not take it, or another process writes the ledger.
   */
  write(line: LedgerLine): void {
    if (this.writer !== undefined) {
      throw new SnaxError("ERR_LEDGER", `process ${this.writer} writes the ledger ${this.path}`);
    }
    this.#attempt(() => {
      this.#file ??= this.#open();
      writeWhole(this.#file, `${JSON.stringify(line)}\n`);
    });
  }

  /**
   * Keeps a text, once for all patches that were made for it.
   *
   * @returns its SHA-256.
   * @throws {ERR_LEDGER} if the disk does not take it.
   */
  keepText(text: string): string {
    const hash = hashText(text);
    const path = this.#textPath(hash);
    this.#attempt(() => {
      if (this.findText(hash) !== undefined) return;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      replaceFile(path, text);
    });
    return hash;
  }

  /** Returns a text by its SHA-256; undefined if it is not there, or is another one. */
  findText(hash: string): string | undefined {
    if (!/^[0-9a-f]{64}$/.test(hash)) return undefined;
    try {
      const text = readFileSync(this.#textPath(hash), "utf8");
      return hashText(text) === hash ? text : undefined;
    } catch {
      return undefined;
    }
  }

  /** Closes the file and lets others write it. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#lock?.release();
    this.#lock = undefined;
  }

  #open(): number {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    if (this.#lock === undefined) {
      const holder = takeLock(lockPath(this.path));
      if (typeof holder === "number") {
        throw new SnaxError("ERR_LEDGER", `process ${holder} writes the ledger ${this.path}`);
      }
      this.#lock = holder;
    }
    const file = openSync(this.path, "a+", 0o600);
    cutTornLine(file, this.path);
    return file;
  }

  #textPath(hash: string): string {
    return join(dirname(this.path), "texts", hash);
  }

  /** Writes the ledger anew: what is in, and the last of what is not. */
  #compact(): void {
    const past = this.entries.filter(({ state }) => state !== "KEPT").slice(-PAST_KEPT);
    const last = this.entries.at(-1);
    const kept = this.entries.filter((entry) => entry.state === "KEPT" || past.includes(entry));
    const isLastIn = last === undefined || kept.includes(last);
    // The number of the last patch must not be given again.
    const lines = [...kept, ...(isLastIn ? [] : [last])].flatMap(linesOf);
    this.#attempt(() =>
      replaceFile(this.path, lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
    );
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof SnaxError) throw error;
      const why = `the ledger ${this.path} can't be written: ${errnoOf(error)}`;
      throw new SnaxError("ERR_LEDGER", why, { cause: error });
    }
  }
}

/** Returns the SHA-256 of a text, in hex. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function lockPath(path: string): string {
  return `${path}.lock`;
}

function lockLedger(path: string): LedgerLock | number | undefined {
  try {
    return takeLock(lockPath(path));
  } catch {
    // A folder that can't be written: the first line says so.
    return undefined;
  }
}

function readLedger(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length <= LEDGER_BYTES_MAX) return text;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    const why = `the ledger ${path} can't be read: ${errnoOf(error)}`;
    throw new SnaxError("ERR_LEDGER", why, { cause: error });
  }
  throw new SnaxError("ERR_LEDGER", `the ledger ${path} is longer than ${LEDGER_BYTES_MAX} bytes`);
}

function linesOf(entry: LedgerEntry): LedgerLine[] {
  const { state, applied, failed, why, ...rest } = entry;
  const prepared: PreparedLine = { ...rest, state: "PREPARED" };
  if (state === "PREPARED") return [prepared];
  const { id, time } = entry;
  return [prepared, { state, id, time, applied, failed, ...(why !== undefined && { why }) }];
}

/** What a process that died has left of its last line would make the next one unreadable, too. */
function cutTornLine(file: number, path: string): void {
  const text = readFileSync(path);
  const whole = text.lastIndexOf(0x0a) + 1;
  if (whole < fstatSync(file).size) ftruncateSync(file, whole);
}

/** A disk that is full may take a part. */
function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text);
  const before = fstatSync(file).size;
  try {
    for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at));
    fdatasyncSync(file);
  } catch (error) {
    ftruncateSync(file, before);
    throw error;
  }
}

/** Writes a file so that it is there wholly or not at all. */
function replaceFile(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  const file = openSync(fresh, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}
