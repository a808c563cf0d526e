/**
 * `npm test [-- filter ...]`: builds dist/ and the example, compiles src/ and test/ into build/ and runs the tests on Node's own runner.
 *
 * A filter is a part of a path ("kernel/", "mailbox"); without one everything runs except the folders that take long
 * or need a registry, which are run by name. `--compiled` runs what is compiled already (for other releases of
 * Node), `--list` shows each test. A type error does not keep the tests from running, but fails the run.
 *
 * With CI in the environment a file that fails runs once more, by itself. If it passes then, the run passes and names it as
 * flaky: the author of a change is not held up by a race that they did not make, and can't overlook it.
 */

import { setMaxListeners } from "node:events";
import { spec } from "node:test/reporters";
import { join, relative } from "node:path";
import { run } from "node:test";

import { ROOT, buildExample, buildTests, listFiles } from "./compile.mjs";
import { buildPackage } from "./dist.mjs";

/** Folders of test/ that run only when a filter names them. */
const BY_NAME = ["dist", "reliability"];
/** More failing files than this are no accident. */
const FLAKY_MAX = 3;
/** A run from which nothing is heard for so long is ended and fails; the second holds for the folders above. */
const SILENCE_MS = 2 * 60_000;
const SLOW_SILENCE_MS = 15 * 60_000;

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith("-")).map((arg) => arg.replace(/\.ts$/, ""));
const isCompiled = args.includes("--compiled");
const isListed = args.includes("--list");

process.chdir(ROOT);
// Tests that start the command or read the package find it in dist/.
const isTyped = isCompiled || [await buildPackage(), buildExample(), buildTests()].every(Boolean);
let ok = isTyped;

const files = listFiles("build/test").filter((file) => file.endsWith(".test.js") && isChosen(file));
if (files.length === 0) {
  process.stderr.write(`no test file matches ${filters.join(" ")}\n`);
  process.exit(1);
}
// The runner's own `timeout` is for a file on Node 20 and for a test on later releases, where a file that hangs after
// its tests would never end.
const silence = new AbortController();
// The runner listens once for each file, and that is no leak.
setMaxListeners(0, silence.signal);
const alarm = setTimeout(() => silence.abort(), files.some(isSlow) ? SLOW_SILENCE_MS : SILENCE_MS);
alarm.unref();
process.on("exit", () => (process.exitCode ||= ok ? 0 : 1));
const paths = files.map((file) => join(ROOT, file));
const failures = await runFiles(paths, 2);
ok = isTyped && failures.size === 0;
const isRetried =
  isTyped && process.env.CI && failures.size <= FLAKY_MAX && !silence.signal.aborted;
if (!ok && isRetried) ok = await passAlone(failures);

/**
 * Runs test files and prints how they did.
 *
 * @param {string[]} paths
 * @param {number} concurrency
 * @returns {Promise<Map<string, string>>} what failed last in each file, by its path; a failure that belongs to no file is under
 * its name
 */
async function runFiles(paths, concurrency) {
  const stream = run({ files: paths, concurrency, signal: silence.signal });
  /** @type {Map<string, string>} */
  const failures = new Map();
  for (const type of ["test:pass", "test:fail", "test:stdout"])
    stream.on(type, () => alarm.refresh());
  stream.on("test:fail", ({ file, name }) => failures.set(file ?? name, name));
  if (isListed) for await (const text of stream.compose(new spec())) process.stdout.write(text);
  else await report(stream);
  return failures;
}

/**
 * Runs the files that failed once more, by themselves.
 *
 * @param {Map<string, string>} failures
 */
async function passAlone(failures) {
  const again = await runFiles([...failures.keys()], 1);
  for (const [file, name] of failures) {
    const verdict = again.has(file) ? "fails alone as well" : "flaky, passed alone";
    process.stdout.write(`# ${verdict}: ${relative(ROOT, file)}, ${name}\n`);
  }
  return again.size === 0;
}

/**
 * Says whether the arguments ask for this file.
 *
 * @param {string} file - a compiled test, relative to the root
 */
function isChosen(file) {
  const path = relative("build", file);
  if (filters.length > 0) return filters.some((filter) => path.includes(filter));
  return !isSlow(file);
}

/**
 * Says whether a file is in one of the folders that run only by name.
 *
 * @param {string} file - a compiled test, relative to the root
 */
function isSlow(file) {
  return BY_NAME.some((folder) => file.startsWith(join("build", "test", folder)));
}

/**
 * Prints a dot for each test, the failures with what their file wrote, and the closing counts.
 *
 * @param {AsyncIterable<{ type: string, data: any }>} events
 */
async function report(events) {
  /** @type {Map<string, string>} */
  const written = new Map();
  const failures = [];
  const closing = [];
  /** Files that were heard, and those of them that came to their end. */
  const begun = new Set();
  const aborted = new Set();
  for await (const { type, data } of events) {
    const isAborted = type === "test:fail" && isAbort(data.details.error);
    if (data.file !== undefined && !isAborted) begun.add(data.file);
    if (isAborted) aborted.add(data.file);
    else if (type === "test:pass" && data.details.type !== "suite") process.stdout.write(".");
    else if (type === "test:fail") {
      // A group fails with its tests, which have said why.
      if (data.details.error?.failureType === "subtestsFailed") continue;
      process.stdout.write("X");
      failures.push(data);
    } else if (type === "test:stdout" || type === "test:stderr") {
      written.set(data.file, (written.get(data.file) ?? "") + data.message);
    } else if (type === "test:diagnostic" && data.nesting === 0) closing.push(data.message);
  }
  process.stdout.write("\n");
  for (const { file, name, line, details } of failures) {
    const error = details.error?.cause ?? details.error;
    // A file that ends by itself, after its tests or between two of them, has nothing else to say.
    const { exitCode, signal } = details.error ?? {};
    const end = signal ? `, ended by ${signal}` : exitCode ? `, ended with ${exitCode}` : "";
    const where = file ? `${relative(ROOT, file)}:${line ?? 1}` : "";
    process.stdout.write(
      `\nnot ok ${name}\n  ${where}\n${indent((error?.stack ?? String(error)) + end)}\n`,
    );
  }
  const hanging = [...aborted].filter((file) => begun.has(file));
  if (aborted.size > 0) {
    const names = hanging.map((file) => relative(ROOT, file)).join(" ") || "none of them was heard";
    process.stdout.write(`\nnot ok cut off after a long silence: ${names}\n`);
    process.stdout.write(`  ${aborted.size - hanging.length} more files did not run\n`);
  }
  for (const file of new Set([...failures.map((failure) => failure.file), ...hanging])) {
    const text = written.get(file);
    if (text) process.stdout.write(`\nwritten by ${relative(ROOT, file)}:\n${indent(text)}\n`);
  }
  process.stdout.write(`\n${closing.map((line) => `# ${line}`).join("\n")}\n`);
  if (!isTyped) process.stdout.write("# the compiler's errors above fail the run\n");
}

/**
 * Says whether a file ended because the run was given up.
 *
 * @param {any} error
 */
function isAbort(error) {
  return (error?.cause ?? error)?.name === "AbortError";
}

/** @param {string} text */
function indent(text) {
  return text.trimEnd().replaceAll(/^/gm, "  ");
}
