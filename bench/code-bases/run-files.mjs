/** Runs files of tests in the world that imports it. */

import { CommonJs } from "./commonjs.mjs";
import { Suite } from "./suite.mjs";

/**
 * @typedef {object} Work
 * @property {string[]} files the tests, run as one suite.
 * @property {[name: string, module: string, member: string | undefined][]} globals what the tests find as globals
 * @property {{ folder: string, from: string, to: string } | undefined} commonJs the tests are CommonJS, for what was compiled
 */

/**
 * @param {Work} work
 * @param {(path: string) => Promise<Record<string, unknown>>} load imports as the world does
 */
export async function runFiles({ files, globals, commonJs }, load) {
  const suite = new Suite(globalThis.codeBaseTools);
  Object.assign(globalThis, suite.globals);
  const tests = commonJs === undefined ? undefined : new CommonJs(commonJs, load);
  const failures = [];
  for (const [name, module, member] of globals) {
    const namespace = await load(module);
    globalThis[name] = member === undefined ? namespace : namespace[member];
  }
  for (const file of files) {
    try {
      await suite.inFile(files.length > 1 ? file : undefined, () => (tests ?? { load }).load(file));
    } catch (error) {
      const { message, stack } = /** @type {Error} */ (error);
      const frames = String(stack)
        .split("\n")
        .filter((line) => line.startsWith("    at"));
      failures.push({
        name: "(load)",
        outcome: `failed: ${message} ${frames.slice(0, 3).join()}`,
      });
    }
  }
  return [...failures, ...(await suite.run())];
}
