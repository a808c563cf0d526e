/**
 * A small test runner for other people's tests: what vitest, jest, mocha and jasmine have in common.
 *
 * It is a package to the tests (the driver puts shims of "vitest" and the like into their node_modules), so the same object
 * serves in plain Node and on a thread of a node. What a snapshot matcher is given is written down, and compared between the worlds.
 */

import { stripVTControlCharacters } from "node:util";

/** @typedef {{ name: string, run: Function | undefined, table?: unknown }} Test */
/** @typedef {{ name: string, parent: Group | undefined, hooks: Record<string, Function[]>, entries: (Test | Group)[] }} Group */

const TEST_MS = 20_000;

export class Suite {
  /** @type {Group} */
  #root = createGroup("", undefined);
  #group = this.#root;
  /** @type {string[]} */
  #notes = [];

  /** @param {{ expect: any, fn: Function, spyOn: Function, format: (value: unknown) => string }} tools */
  constructor(tools) {
    this.tools = tools;
  }

  /** The names that tests find as globals. */
  get globals() {
    const { expect, fn, spyOn, format } = this.tools;
    const note = (value) => {
      this.#notes.push(format(value));
      return { pass: true, message: () => "" };
    };
    expect.extend({
      toMatchSnapshot: note,
      toMatchInlineSnapshot: note,
      toThrowErrorMatchingSnapshot: (value) => note(errorOf(value)),
      toThrowErrorMatchingInlineSnapshot: (value) => note(errorOf(value)),
      toBeTypeOf: (value, type) => ({
        pass: typeof value === type,
        message: () => `${typeof value}, not ${type}`,
      }),
      toSatisfy: (value, test) => ({
        pass: Boolean(test(value)),
        message: () => "is not satisfied",
      }),
      toThrowError(value, expected) {
        try {
          // Of a promise comes what it was rejected with.
          const thrower =
            typeof value === "function"
              ? value
              : () => {
                  throw value;
                };
          (this.isNot ? expect(thrower).not : expect(thrower)).toThrow(expected);
          return { pass: !this.isNot, message: () => "" };
        } catch (error) {
          return { pass: this.isNot, message: () => error.message };
        }
      },
      toBeTrue: (value) => ({ pass: value === true, message: () => `${value} is not true` }),
      toBeFalse: (value) => ({ pass: value === false, message: () => `${value} is not false` }),
    });
    const assertType = () => {};
    const anything = new Proxy(() => {}, { get: () => anything, apply: () => anything });
    const mocks = {
      fn,
      spyOn,
      setConfig() {},
      // Modules are replaced in neither world: a test that counts on it fails alike.
      mock() {},
      mocked: (value) => value,
      clearAllMocks() {},
      resetAllMocks() {},
      restoreAllMocks() {},
    };
    const describe = this.#variants(
      (name, body) => this.#describe(name, body),
      (name) => this.#describe(name, () => {}),
    );
    const test = this.#variants(
      (name, ...rest) => this.#test(name, rest),
      (name) => this.#test(name, []),
    );
    const hooks = Object.fromEntries(
      ["beforeEach", "afterEach", "beforeAll", "afterAll", "before", "after"].map((hook) => [
        hook,
        (body) => void this.#group.hooks[hook].push(body),
      ]),
    );
    return {
      describe,
      context: describe,
      test,
      it: test,
      xdescribe: describe.skip,
      xit: test.skip,
      expect,
      vi: mocks,
      jest: mocks,
      assertType,
      expectTypeOf: anything,
      ...hooks,
    };
  }

  #variants(add, skip) {
    const each = (table) => (name, body) => {
      for (const row of table) {
        const args = Array.isArray(row) ? row : [row];
        add(`${name} ${this.tools.format(args).slice(0, 80)}`, () => body(...args));
      }
    };
    const plain = (name, ...rest) => add(name, ...rest);
    return Object.assign(plain, {
      each,
      only: Object.assign(add, { each }),
      skip: Object.assign(skip, { each: () => skip }),
      todo: skip,
      concurrent: plain,
      fails: skip,
      skipIf: (is) => (is ? skip : plain),
      runIf: (is) => (is ? plain : skip),
    });
  }

  /**
   * Adds what a file declares while it is loaded, as a group if it has a name.
   *
   * @param {string | undefined} name
   * @param {() => Promise<unknown>} load
   */
  async inFile(name, load) {
    if (name === undefined) return load();
    const group = createGroup(name, this.#root);
    this.#root.entries.push(group);
    this.#group = group;
    try {
      return await load();
    } finally {
      this.#group = this.#root;
    }
  }

  #describe(name, body) {
    const group = createGroup(String(name?.name ?? name), this.#group);
    this.#group.entries.push(group);
    this.#group = group;
    try {
      body?.();
    } catch (error) {
      group.entries.push({
        name: "(describe)",
        run: () => {
          throw error;
        },
      });
    } finally {
      this.#group = group.parent ?? this.#root;
    }
  }

  #test(name, rest) {
    const run = rest.find((each) => typeof each === "function");
    this.#group.entries.push({ name: String(name), run });
  }

  /** Runs everything and returns one line a test. */
  async run() {
    /** @type {{ name: string, outcome: string }[]} */
    const results = [];
    await this.#runGroup(this.#root, "", [], results);
    return results;
  }

  async #runGroup(group, path, outer, results) {
    const chain = [...outer, group];
    const { hooks, entries } = group;
    let broken;
    try {
      for (const hook of [...hooks.before, ...hooks.beforeAll]) await call(hook);
    } catch (error) {
      broken = error;
    }
    for (const entry of entries) {
      const name = path === "" ? entry.name : `${path} > ${entry.name}`;
      if ("entries" in entry) await this.#runGroup(entry, name, chain, results);
      else {
        const outcome = broken === undefined ? await this.#runTest(entry, chain) : tell(broken);
        results.push({ name, outcome });
        // Tests that wait for nothing would be one turn without end.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (const hook of [...hooks.afterAll, ...hooks.after]) await call(hook).catch(() => {});
  }

  async #runTest({ run }, chain) {
    if (run === undefined) return "skipped";
    this.#notes = [];
    let outcome = "ok";
    try {
      for (const { hooks } of chain) for (const hook of hooks.beforeEach) await call(hook);
      await call(run);
    } catch (error) {
      outcome = tell(error);
    }
    for (const { hooks } of chain.toReversed()) {
      for (const hook of hooks.afterEach) await call(hook).catch(() => {});
    }
    return [outcome, ...this.#notes].join("\n");
  }
}

/** Runs a test or a hook: it may take a callback, return a promise, or look for mocha's `this`. */
async function call(body) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the test took too long")), TEST_MS);
  });
  const self = { timeout() {}, slow() {}, skip() {} };
  const running = new Promise((resolve, reject) => {
    const done = (error) => (error ? reject(error) : resolve(undefined));
    done.fail = reject;
    const result = body.call(self, done);
    if (body.length === 0 || typeof result?.then === "function") resolve(result);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

function createGroup(name, parent) {
  const hooks = {
    beforeEach: [],
    afterEach: [],
    beforeAll: [],
    afterAll: [],
    before: [],
    after: [],
  };
  return { name, parent, hooks, entries: [] };
}

function errorOf(value) {
  try {
    return typeof value === "function" ? value() : value;
  } catch (error) {
    return error;
  }
}

/** Colours, addresses of files and positions differ between the worlds without meaning anything. */
function tell(error) {
  const text = stripVTControlCharacters(String(error?.message ?? error));
  return `failed: ${text.replaceAll(/file:\/\/\S+|\/\S+\.[cm]?[jt]sx?\S*/g, "<file>").slice(0, 2000)}`;
}
