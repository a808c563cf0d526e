// @ts-check
/**
 * Runs one job in a process of its own, so that no section inherits the heap or the optimised code of another.
 *
 * Never rejects: a subject that fails, hangs or dies is a result too, with what it printed last.
 */

import { fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** @typedef {import("./child.mjs").Job} Job */
/** @typedef {{ figures: Record<string, number> } | { error: string }} Result */

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
const TIMEOUT_MS = 120_000;
const TAIL_CHARS = 2_000;

/**
 * Collects what a process prints and ends it at the deadline.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
function watch(child) {
  const seen = { output: "", tail: "", isLate: false };
  const deadline = setTimeout(() => {
    seen.isLate = true;
    child.kill("SIGKILL");
  }, TIMEOUT_MS);
  child.on("close", () => clearTimeout(deadline));
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    // The figures of a subject that has no channel stand in lines of their own; the rest is only kept for a failure.
    for (const line of String(text).split("\n"))
      if (line.startsWith("BENCH ")) seen.output += `${line}\n`;
    seen.tail = (seen.tail + text).slice(-TAIL_CHARS);
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    seen.tail = (seen.tail + text).slice(-TAIL_CHARS);
  });
  return seen;
}

/**
 * @param {{ tail: string, isLate: boolean }} seen
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function describeEnd(seen, code, signal) {
  const how = seen.isLate ? `not done after ${TIMEOUT_MS} ms` : `ended with ${signal ?? code}`;
  return `${how}\n${seen.tail.trim()}`;
}

/**
 * Measures a job of a subject that is a module of the bench.
 *
 * @param {Job} job
 * @param {string[]} flags of node.
 * @param {boolean} isPrinting what it prints is not even read.
 * @returns {Promise<Result>}
 */
export function runJob(job, flags, isPrinting = false) {
  const child = fork(CHILD, [JSON.stringify(job)], {
    execArgv: flags,
    stdio: ["ignore", isPrinting ? "ignore" : "pipe", "pipe", "ipc"],
  });
  const seen = watch(child);
  return new Promise((resolve) => {
    child.on("message", (/** @type {Result} */ result) => resolve(result));
    child.on("error", (error) => resolve({ error: error.message }));
    child.on("close", (code, signal) => resolve({ error: describeEnd(seen, code, signal) }));
  });
}

/**
 * Measures with a program that prints its figures as lines `BENCH key value`.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<Result>}
 */
export function runProgram(file, args, cwd) {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const seen = watch(child);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ error: error.message }));
    child.on("close", (code, signal) => {
      const lines = seen.output
        .trim()
        .split("\n")
        .map((line) => line.split(" "));
      const isDone = lines.some((words) => words[1] === "done");
      if (code !== 0 || !isDone) return resolve({ error: describeEnd(seen, code, signal) });
      const pairs = lines.filter((words) => words.length === 3);
      resolve({ figures: Object.fromEntries(pairs.map(([, key, value]) => [key, Number(value)])) });
    });
  });
}
