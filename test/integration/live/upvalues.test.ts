/** Captured variables are read and written, whatever kind of function captured them, and no body runs. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import type { Captured } from "snax";
import { codeOf, upvalues } from "snax";

type Code = (...args: never[]) => unknown;

let ran: string[] = [];

/** Functions of every kind over the same variables; each notes when its body runs, or a default value is computed. */
function create() {
  let n = 1;
  let spare = 2;
  const fixed = 3;
  const note = (what: string): number => ran.push(what);
  return {
    note,
    read: () => [n, spare, fixed],
    declared: function declared(this: unknown) {
      note("declared");
      return n;
    },
    arrow: (x: number) => note("arrow") + n + x,
    short: () => note(`short ${n}`),
    method(key: string) {
      note("method");
      return `${key}${n}`;
    },
    "strange name"() {
      note("strange name");
      return n;
    },
    async later() {
      note("later");
      await Promise.resolve(n);
    },
    laterArrow: async () => note(`laterArrow ${n}`),
    *generator() {
      note("generator");
      yield n;
    },
    *emptyGenerator(): Generator<number> {},
    async *laterGenerator() {
      note("laterGenerator");
      yield n;
    },
    defaults(a = note("default"), b: unknown = (n = 99), ...rest: unknown[]) {
      note("defaults");
      return [a, b, rest, n];
    },
    patterns(
      { a = (n = 98), b: [c = note("pattern"), ...rest] }: any,
      [d = (n = 97)]: any = [note("array")],
    ) {
      note("patterns");
      return [a, c, d, rest];
    },
    curried:
      (a = note("curried default")) =>
      (b: number) =>
        note("curried") + n + a + b,
    loop() {
      for (; ; note("update")) {
        note("loop");
        if (n > 0) break;
      }
    },
    many: () => [note("0"), note("1"), note("2"), note("3"), note("4"), note("5"), n, note("7")],
    target: function target() {
      return [note("target"), new.target, n];
    },
    Plain: class {
      constructor() {
        note(`Plain ${n}`);
      }
    },
    Fields: class {
      #secret = note("field") + n;
      method() {
        return this.#secret + n;
      }
    },
    Derived: class extends Map {
      field = note("derived field") + n;
      constructor() {
        note("Derived");
        super();
      }
    },
    Implicit: class extends Map {
      field = note("implicit field") + n;
    },
    Static: class {
      field = note("static's field");
      static count(a = note("count default")) {
        return a + n;
      }
    },
    getter: Object.getOwnPropertyDescriptor(
      {
        get value() {
          return note("getter") + n;
        },
      },
      "value",
    )?.get,
    setter: Object.getOwnPropertyDescriptor(
      {
        set value(value: number) {
          note("setter");
          n = value;
          spare += 1;
        },
      },
      "value",
    )?.set,
    bound: ((a: number) => note("bound") + a + n).bind(undefined, 1),
    proxied: new Proxy((a: number) => note("proxied") + a + n, {}),
  };
}

const KINDS = Object.keys(create()).filter((key) => key !== "read" && key !== "note");

for (const kind of KINDS) {
  test(`the variables of a function are reached and its body does not run: ${kind}`, () => {
    const made = create();
    ran = [];
    const captured = upvalues((made as unknown as Record<string, Code>)[kind] as Code);
    equal(captured["n"], 1);
    captured["n"] = 7;
    deepEqual(made.read(), [7, 2, 3]);
    deepEqual(ran, []);
  });
}

test("what the function uses is enumerable, and what else lies in its scopes is there", () => {
  const captured = upvalues(create().method);
  deepEqual(Object.keys(captured).toSorted(), ["n", "note"]);
  equal(captured["spare"], 2);
  captured["spare"] = 20;
  equal(captured["spare"], 20);
});

test("a variable that changes later is seen, and instances of one text keep apart", () => {
  const one = create();
  const other = create();
  const captured = upvalues(one.method);
  upvalues(other.setter as Code)["n"] = 5;
  equal(captured["n"], 1);
  upvalues(one.declared)["n"] = 6;
  equal(captured["n"], 6);
});

test("a constant can be read and not be written", () => {
  const captured = upvalues(create().read);
  equal(captured["fixed"], 3);
  throws(() => {
    captured["fixed"] = 4;
  }, TypeError);
});

test("the innermost of two variables of one name wins, and all scopes are listed", () => {
  const name = "outer";
  const inner = (() => {
    const depth = 1;
    {
      const name = "inner";
      return () => [name, depth];
    }
  })();
  void name;
  equal(upvalues(inner)["name"], "inner");
  const [first, second] = upvalues.scopes(inner);
  deepEqual([first?.kind, first?.names], ["block", ["name"]]);
  deepEqual([second?.kind, second?.names], ["closure", ["depth"]]);
});

test("the function's own names hide captured ones, which it can't use", () => {
  let n = 1;
  const use = (): number => (n += 1);
  const parameter = (n: number): unknown => [n, use];
  const local = (): unknown => {
    let n = 5;
    n += 1;
    return [n, use];
  };
  equal("n" in upvalues(parameter), false);
  equal("n" in upvalues(local), false);
});

test("a variable that no closure captured is not there, nor is an outer one that it hid", () => {
  const made = (() => {
    const x = 1;
    const outer = (): number => x;
    {
      const x = 2;
      const y = x + 1;
      return [outer, () => y];
    }
  })();
  deepEqual(Object.getOwnPropertyNames(upvalues(made[1] as Code)).includes("x"), false);
  equal(upvalues(made[0] as Code)["x"], 1);
});

test("a variable before its declaration has no value, and has one afterwards", () => {
  const use = (): number => soon;
  const captured = upvalues(use);
  equal("soon" in captured, true);
  equal(valueOf(captured, "soon"), undefined);
  const soon = 4;
  deepEqual([use(), captured["soon"]], [4, 4]);
});

/** Some releases throw, as the language does. */
function valueOf(captured: Captured, name: string): unknown {
  try {
    return captured[name];
  } catch {
    return undefined;
  }
}

test("a function that evaluates texts may use any variable", () => {
  const made = new Function(
    "ran",
    "let a = 1, b = 2; return () => { ran.push('eval'); return eval('a') + (0, b) * 0; };",
  )(ran) as Code;
  deepEqual(Object.keys(upvalues(made)).toSorted(), ["a", "b", "ran"]);
});

test("a function can ask for its own variables while it runs", () => {
  let depth = 0;
  function ask(): unknown {
    depth += 1;
    return [upvalues(ask)["depth"], depth];
  }
  deepEqual(ask(), [1, 1]);
});

test("a printed view shows the values that the function uses", () => {
  const made = (
    (n) => () =>
      n
  )(5);
  equal(inspect(upvalues(made)), "[Object: null prototype] { n: 5 }");
});

const REFUSED: readonly (readonly [what: string, value: unknown, why: RegExp])[] = [
  ["a native function", Math.max, /max: it is native code/],
  ["a native class", Map, /Map: it is native code/],
  ["a bound native function", Math.max.bind(null), /native/],
  ["a revoked proxy", revoked(), /native/],
  [
    "a class of fields without a method",
    class Lone {
      field = ran.push("lone");
    },
    /Lone: .*fields/,
  ],
  ["a function of another realm", runInContext("let q = 1; () => q", createContext({})), /realm/],
  ["an object", {}, /object: it is no function/],
  ["nothing", undefined, /undefined: it is no function/],
  ["a text", "() => n", /string: it is no function/],
];

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(() => 1, {});
  revoke();
  return proxy;
}

for (const [what, value, why] of REFUSED) {
  test(`what has no captured variables is refused: ${what}`, () => {
    throws(
      () => upvalues(value as Code),
      (error: Error) => codeOf(error) === "ERR_ARGUMENT" && why.test(error.message),
    );
  });
}

test("nothing of it remains on the thread", () => {
  const { method } = create();
  const before = Reflect.ownKeys(globalThis);
  upvalues(method);
  throws(() => upvalues(Math.max));
  deepEqual(Reflect.ownKeys(globalThis), before);
  ran = [];
  equal(method("key"), "key1");
  deepEqual(ran, ["method"]);
});

test("promises, timers and the caller's own code go on after it", async () => {
  const order: string[] = [];
  void Promise.resolve().then(() => order.push("microtask"));
  process.nextTick(() => order.push("tick"));
  const timer = new Promise<void>((resolve) => setImmediate(resolve));
  upvalues(create().later);
  order.push("caller");
  await timer;
  deepEqual(order.toSorted(), ["caller", "microtask", "tick"]);
  equal(order[0], "caller");
});

test("a default value that would throw is not computed", () => {
  const made = (() => {
    const n = 1;
    return (a = thrown(), { b } = thrown() as { b: number }): unknown => [a, b, n];
  })();
  ok("n" in upvalues(made));
});

function thrown(): unknown {
  throw new Error("a default value was computed");
}
