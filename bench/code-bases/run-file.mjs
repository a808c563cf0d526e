/** Runs one file of tests in the world that imports it. */

import { Suite } from "./suite.mjs";

/**
 * @param {string} file
 * @param {[name: string, module: string][]} globals modules that the tests find as globals
 * @param {(path: string) => Promise<Record<string, unknown>>} load imports as the world does
 */
export async function runFile(file, globals, load) {
  const suite = new Suite(globalThis.codeBaseTools);
  Object.assign(globalThis, suite.globals);
  try {
    for (const [name, module] of globals) globalThis[name] = await load(module);
    await load(file);
  } catch (error) {
    const { message, stack } = /** @type {Error} */ (error);
    const frames = String(stack)
      .split("\n")
      .filter((line) => line.startsWith("    at"));
    return [{ name: "(load)", outcome: `failed: ${message} ${frames.slice(0, 3).join()}` }];
  }
  return suite.run();
}
