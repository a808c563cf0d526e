/**
 * Only one process writes a ledger at a time: a file beside it says which.
 *
 * The file names the process and when it began, for numbers of processes are used again. A lock of
 * a process that is gone is taken over.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";

/** How often a lock is taken over that another process takes over at the same moment. */
const ATTEMPTS_MAX = 3;

/** A lock that this process holds. */
export interface LedgerLock {
  /** Lets go of it. */
  release(): void;
}

/** Takes a lock. @returns the number of the process that holds it, if another one does. */
export function takeLock(path: string): LedgerLock | number {
  let holder = 0;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      writeFileSync(path, `${process.pid} ${startOf(process.pid)}\n`, { flag: "wx", mode: 0o600 });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    const [pid = 0, start = ""] = read(path);
    holder = pid;
    if (isAlive(pid, start)) return pid;
    rmSync(path, { force: true });
  }
  return holder;
}

function read(path: string): [pid: number, start: string] | [] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  const [, pid, start] = /^(\d{1,10}) (\S{1,40})$/m.exec(text) ?? [];
  return pid === undefined || start === undefined ? [] : [Number(pid), start];
}

/** Two nodes of one process are two as well. */
function isAlive(pid: number, start: string): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") return false;
  }
  const now = startOf(pid);
  return now === start || now === UNKNOWN || start === UNKNOWN;
}

/** Where the system does not tell when a process began. */
const UNKNOWN = "-";

/** When a process began, in ticks since the machine did; field 22 of Linux's `/proc/<pid>/stat`. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program is in parentheses and may hold blanks.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

/** The code of an error of the system. */
export function errnoOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? String(error);
}
