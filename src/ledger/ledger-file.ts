/**
 * The ledger of a node on disk: one line a decision, each on the disk before it counts.
 *
 *     <folder>/ledger.jsonl        the lines
 *     <folder>/ledger.jsonl.lock   who writes them
 *     <folder>/texts/<sha256>      the texts that patches were made for
 *
 * A process that dies while it writes leaves a torn last line, which is not read; every earlier
 * line is whole. What else it leaves the next one sweeps away (sweep.ts). Patches may hold secrets,
 * so only the user of the process reads these files.
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
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SnaxError } from "../base/error.ts";
import { LEDGER_BYTES_MAX, LEDGER_LINES_MAX } from "../base/limits.ts";
import type { LedgerEntry, LedgerLine } from "./entry.ts";
import { foldLines, parseLine } from "./entry.ts";
import type { LedgerLock } from "./ledger-lock.ts";
import { errnoOf, takeLock } from "./ledger-lock.ts";
import { sweepFolder } from "./sweep.ts";

/** Patches that a ledger keeps of those that are no longer in, when it is written anew. */
const PAST_KEPT = 100;

/** One part of 2 to the power of this number is kept free for outcomes of patches. */
const OUTCOMES_SHIFT = 6;

/** A ledger on disk. */
export class LedgerFile {
  readonly path: string;
  readonly #bytesMax: number;
  /** What the lines said when it was opened, the oldest patch first. */
  readonly entries: readonly LedgerEntry[];
  /** Lines that are not ours. */
  readonly foreign: number;
  /** The process that writes it, if that is not this one. */
  readonly writer: number | undefined;
  /** Taken when it is opened; where there is no ledger yet, with the first line. */
  #lock: LedgerLock | undefined;
  #file: number | undefined;
  /** Whether a line has come since the file was written anew: only then it can become shorter. */
  #hasNews = true;

  /**
   * Opens a ledger, for writing unless another process does so. Nothing is created before the first
   * line or text but the lock, and that only where there is a ledger.
   *
   * @param bytesMax - how long the file may be.
   * @throws {ERR_LEDGER} if it can't be read, or is longer than that.
   */
  constructor(path: string, bytesMax: number = LEDGER_BYTES_MAX) {
    this.path = path;
    this.#bytesMax = bytesMax;
    const text = readLedger(path, bytesMax);
    const holder = text === undefined ? undefined : lockLedger(path);
    this.writer = typeof holder === "number" ? holder : undefined;
    this.#lock = typeof holder === "object" ? holder : undefined;
    // Race: the process that had the lock may have written between the two.
    const read = parseLines(this.#lock === undefined ? text : readLedger(path, bytesMax));
    this.foreign = read.filter((line) => line === undefined).length;
    this.entries = entriesOf(read);
    if (this.#lock === undefined) return;
    if (read.length > LEDGER_LINES_MAX) this.#compact(this.entries);
    sweepFolder(
      path,
      new Set(this.entries.flatMap(({ modules }) => modules.map((each) => each.base))),
    );
  }

  /**
   * Writes a line; it is on the disk when this returns. A file that would become too long is
   * written anew, without most of what is no longer in: the next start must be able to read it.
   *
   * @throws {ERR_LEDGER} if the disk does not take it, another process writes it, or it is full.
   */
  write(line: LedgerLine): void {
    this.#attempt(() => {
      const text = `${JSON.stringify(line)}\n`;
      this.#file ??= this.#open();
      if (!this.#hasRoom(line, text)) {
        if (this.#hasNews) this.#shorten();
        if (!this.#hasRoom(line, text)) throw this.#full();
      }
      this.#hasNews = true;
      writeWhole(this.#file, text);
    });
  }

  /**
   * Keeps a text, once for all patches that were made for it.
   *
   * @returns its SHA-256.
   * @throws {ERR_LEDGER} if the disk does not take it, or another process writes it.
   */
  keepText(text: string): string {
    const hash = hashText(text);
    const path = this.#textPath(hash);
    this.#attempt(() => {
      // Race: a process that writes without the lock may lose a text to one that has it, and
      // sweeps.
      this.#file ??= this.#open();
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
    if (this.writer !== undefined) throw this.#foreignWriter(this.writer);
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    if (this.#lock === undefined) {
      const holder = takeLock(lockPath(this.path));
      if (typeof holder === "number") throw this.#foreignWriter(holder);
      this.#lock = holder;
    }
    const file = openSync(this.path, "a+", 0o600);
    cutTornLine(file, this.path);
    return file;
  }

  /** What has begun must be able to end: a new patch leaves room for outcomes. */
  #hasRoom({ state }: LedgerLine, text: string): boolean {
    const reserve = state === "PREPARED" ? this.#bytesMax >> OUTCOMES_SHIFT : 0;
    const { size } = fstatSync(this.#file as number);
    return size + Buffer.byteLength(text) + reserve <= this.#bytesMax;
  }

  #shorten(): void {
    this.#compact(entriesOf(parseLines(readLedger(this.path, this.#bytesMax))));
    const old = this.#file as number;
    this.#file = openSync(this.path, "a+", 0o600);
    closeSync(old);
    this.#hasNews = false;
  }

  #foreignWriter(process: number): SnaxError {
    return new SnaxError("ERR_LEDGER", `process ${process} writes the ledger ${this.path}`);
  }

  #full(): SnaxError {
    return new SnaxError(
      "ERR_LEDGER",
      `the ledger ${this.path} has no room for one more patch: patches that are in fill its ${this.#bytesMax} bytes. ` +
        "Deploy the files with these patches and start the node anew, or roll patches back",
    );
  }

  #textPath(hash: string): string {
    return join(dirname(this.path), "texts", hash);
  }

  /** Writes it anew: what is in or has begun, and the last of the rest, up to half of the room. */
  #compact(entries: readonly LedgerEntry[]): void {
    const last = entries.at(-1);
    const past = new Set(entries.filter(({ state }) => state !== "KEPT").slice(-PAST_KEPT));
    let length = 0;
    const texts: string[] = [];
    // The newest first: they are kept if not all can be.
    for (const entry of entries.toReversed()) {
      const isNeeded = entry.state === "KEPT" || (entry.state === "PREPARED" && past.has(entry));
      const text = writeEntry(entry);
      const isKept = isNeeded || (past.has(entry) && length + text.length <= this.#bytesMax / 2);
      // The number of the last patch must not be given again.
      if (!isKept && entry !== last) continue;
      length += text.length;
      texts.push(text);
    }
    this.#attempt(() => replaceFile(this.path, texts.toReversed().join("")));
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

/** Returns what each line says; undefined = none of ours. What follows the last break is torn. */
function parseLines(text: string | undefined): (LedgerLine | undefined)[] {
  return (text?.split("\n") ?? []).slice(0, -1).map(parseLine);
}

function entriesOf(lines: readonly (LedgerLine | undefined)[]): LedgerEntry[] {
  return foldLines(lines.filter((line) => line !== undefined));
}

function readLedger(path: string, bytesMax: number): string | undefined {
  try {
    if (statSync(path).size <= bytesMax) return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    const why = `the ledger ${path} can't be read: ${errnoOf(error)}`;
    throw new SnaxError("ERR_LEDGER", why, { cause: error });
  }
  const why = `the ledger ${path} is longer than ${bytesMax} bytes: move it away, and the node starts without its patches`;
  throw new SnaxError("ERR_LEDGER", why);
}

/** The lines that say the same of a patch. */
function writeEntry(entry: LedgerEntry): string {
  const { state, applied, failed, why, ...rest } = entry;
  const lines: LedgerLine[] = [{ ...rest, state: "PREPARED" }];
  if (state !== "PREPARED") {
    const counts = { ...(applied > 0 && { applied }), ...(failed > 0 && { failed }) };
    const { id, time } = entry;
    lines.push({ state, id, time, ...counts, ...(why !== undefined && { why }) });
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
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
