/** Decorators and other syntax that can't be blanked: transformed by the compiler that the user's project has. */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { isGeneratedFrame } from "../../../src/loader/text/stack.ts";
import { call } from "../../unit/loader/harness.ts";
import { COMPILERS, createProject, install, runProject } from "./project.ts";

const LEGACY = { experimentalDecorators: true };

/** Each with the options of its project, and the value of `result`. */
const CASES = {
  "legacy decorators of a class, its fields, methods, parameters, accessors and statics": {
    options: LEGACY,
    text: `
      const log: string[] = [];
      const D = (n: string) => (t: any, k?: any, d?: any): any => { log.push(n + ":" + String(k ?? t.name)); };
      const P = (t: any, k: any, i: number): void => { log.push("parameter" + i); };
      @D("class") class A { @D("field") x: number = 1; @D("method") m(@P a: string): void {} @D("static") static s = 2; @D("accessor") get g(): number { return 1; } }
      export const result = log.sort().join(" ") + " " + new A().x + A.s;`,
    result: "accessor:g class:A field:x method:m parameter0 static:s 12",
  },
  "the types of decorated members, with emitDecoratorMetadata": {
    options: { ...LEGACY, emitDecoratorMetadata: true },
    text: `
      const got: Record<string, any> = {};
      (globalThis as any).Reflect.metadata = (k: string, v: unknown) => (t: any, p?: string) => { (got[p ?? t.name] ??= {})[k] = v; };
      const D = (...a: any[]): any => {};
      class Dep {}
      @D class S { constructor(private d: Dep, n: number) {} @D p: string = ""; @D m(x: Date): Promise<number> { return null as any; } }
      delete (globalThis as any).Reflect.metadata;
      export const result = [got.S["design:paramtypes"].map((f: any) => f.name).join(), got.p["design:type"].name, got.m["design:returntype"].name].join("|");`,
    result: "Dep,Number|String|Promise",
  },
  "the decorators of the language": {
    options: {},
    text: `
      const log: string[] = [];
      function d(v: any, c: any): any {
        log.push(c.kind + ":" + String(c.name));
        if (c.kind === "method") return function (this: any, ...a: any[]) { return "wrapped " + v.apply(this, a); };
        if (c.kind === "field") return (x: number) => x + 1;
        if (c.kind === "class") c.addInitializer(() => log.push("init"));
      }
      @d class A { @d f = 1; @d m() { return "m"; } @d static s = 3; @d #p() { return 1; } q() { return this.#p(); } }
      const a = new A();
      export const result = [log.sort().join(" "), a.f, a.m(), A.s, a.q()].join("|");`,
    result: "class:A field:f field:s init method:#p method:m|2|wrapped m|4|wrapped 1",
  },
  "accessor fields": {
    options: {},
    text: `class A { accessor x = 1; static accessor y = 2; } const a = new A(); a.x += 1;
      export const result = a.x + A.y + Object.getOwnPropertyNames(A.prototype).join();`,
    result: "4constructor,x",
  },
  "using and await using": {
    options: {},
    text: `const log: string[] = [];
      const r = (n: string) => ({ [Symbol.dispose]() { log.push("d" + n); }, async [Symbol.asyncDispose]() { log.push("a" + n); } });
      async function f() { using a = r("1"); await using b = r("2"); for (using c of [r("3")]) log.push("body"); log.push("end"); }
      await f(); export const result = log.join(" ");`,
    result: "body d3 end a2 d1",
  },
  "enums and parameter properties beside decorators": {
    options: LEGACY,
    text: `const D = (t: any): any => {}; enum E { A = 3 } @D class P { constructor(public x: number, readonly y = E.A) {} }
      export const result = JSON.stringify(new P(1));`,
    result: '{"x":1,"y":3}',
  },
  "a decorated field with an accessor on the prototype, useDefineForClassFields off (Colyseus)": {
    options: { ...LEGACY, useDefineForClassFields: false },
    text: `
      function type(_: string): any { return (p: any, k: string) => { Object.defineProperty(p, k, { get() { return this["_" + k]; }, set(v) { this["_" + k] = "t:" + v; }, enumerable: true, configurable: true }); }; }
      class S { @type("string") name: string = "a"; @type("number") n: number; }
      const s = new S(); s.n = 3; export const result = s.name + s.n + Object.keys(s).join();`,
    result: "t:at:3_name,_n",
  },
  "a default export that is decorated": {
    options: LEGACY,
    text: `const D = (t: any): any => { t.seen = true; }; @D export default class A<T> { static seen: boolean; declare v: T; }
      export const result = A.seen + A.name;`,
    result: "trueA",
  },
};

for (const compiler of COMPILERS) {
  for (const [title, { options, text, result }] of Object.entries(CASES)) {
    test(`${title}: by ${compiler}`, async (t) => {
      const files = { "main.ts": text };
      equal((await runProject(t, { files, options, compilers: [compiler] }))["result"], result);
    });
  }

  test(`a .tsx module is transformed as its project says: by ${compiler}`, async (t) => {
    const files = {
      "main.ts": `import { page } from "./page.tsx"; export const result = page(2);`,
      "page.tsx": `
        const h = (tag: any, given: any, ...inner: any[]): string => typeof tag === "function" ? tag(given) : "<" + tag + ">" + inner.join("") + "</" + tag + ">";
        const Item = ({ n }: { n: number }) => <li>{n}</li>;
        export const page = (n: number): string => <ul><Item n={n} /></ul>;`,
    };
    const options = { jsx: "react", jsxFactory: "h" };
    const { result } = await runProject(t, { files, options, compilers: [compiler] });
    equal(result, "<ul><li>2</li></ul>");
  });

  test(`stacks name lines and columns of the file: by ${compiler}`, async (t) => {
    const text = `const D = (...a: any[]): any => {};

@D export class Room {
  @D name: string = "lobby"; constructor(private readonly owner: { id: number }) {}

  @D("x")
  fail(n: number): never {
    const text: string = "no " + n;
    if (n > 0) throw new Error(text);
    return this.fail(n + 1);
  }
}
export const fail = (): never => new Room({ id: 1 }).fail(0);`;
    const modules = createProject(t, {
      files: { "main.ts": text },
      options: LEGACY,
      compilers: [compiler],
    });
    const instance = await modules.run();
    const stack = (): string => {
      try {
        return String(call(instance, "fail"));
      } catch (error) {
        return (error as Error).stack ?? "";
      }
    };
    const places = [...stack().matchAll(/main\.ts:(\d+:\d+)/g)].map(([, place]) => place);
    // \`new Error\`, \`fail(n + 1)\`, \`fail(0)\`.
    deepEqual(places, ["9:22", "10:17", "13:54"]);
  });

  test(`a text that is wrong is refused with its place: by ${compiler}`, async (t) => {
    const text = `const D = (...a: any[]): any => {};\n@D class A {\n\t@D x: number = 1;\n\tm(a: string): void { break; }\n}`;
    const modules = createProject(t, { files: { "main.ts": text }, compilers: [compiler] });
    const file = modules.path("main.ts");
    await rejects(modules.run(), (error: Error & { data: unknown; code: string }) => {
      equal(error.code, "ERR_SYNTAX");
      deepEqual(error.data, { file, line: 4, column: 23 });
      return true;
    });
  });
}

test("without a compiler the refusal says what to install, and where it is needed", async (t) => {
  const cases = [
    ["class A {}\nclass Room {\n  @D x = 1; }", "3:3: decorators need"],
    ["class A {\n  static accessor x = 1; }", "2:10: accessor needs"],
  ] as const;
  for (const [text, message] of cases) {
    const modules = createProject(t, { files: { "main.ts": text } });
    await rejects(modules.run(), {
      code: "ERR_SYNTAX",
      message: `${modules.path("main.ts")}:${message} a transformer: npm install --save-dev typescript@6 (or @swc/wasm)`,
    });
  }
});

test("a compiler that is installed and can't be called is named", async (t) => {
  const files = {
    "main.ts": "const D = (c: any): any => {};\n@D class A {}\nexport const result = 1;",
  };
  const modules = createProject(t, { files, compilers: ["typescript7"] });
  const path = modules.path("main.ts");
  await rejects(modules.run(), (error: Error) => {
    ok(error.message.startsWith(`${path}:2:1: decorators need a transformer`), error.message);
    match(
      error.message,
      /; typescript 7\.\d+\.\d+, which is installed, has none that can be called$/,
    );
    return true;
  });
  // What the advice says is all that has to be done.
  install(modules.folder, "swc");
  equal((await modules.run()).exports["result"], 1);
});

test("frames of the loader's own code are told from those of a file with fewer lines, or more", async (t) => {
  const lib = (blank: string): string => `const D = (t: any): any => {};${blank}
    @D class A {} export function ask(f: () => string): string { return f(); }
    export const held = [ask]; export const at = (): string => new Error("here").stack ?? "";`;
  for (const blank of ["", "\n".repeat(200)]) {
    const modules = createProject(t, { files: { "main.ts": lib(blank) }, compilers: ["swc"] });
    const { exports } = await modules.run();
    const [ask] = exports["held"] as [(f: unknown) => string];
    const frames = ask(exports["at"])
      .split("\n")
      .filter((line) => line.includes("main.ts:"));
    // The forwarder of what is held stands between the two.
    deepEqual(frames.map(isGeneratedFrame), [false, false, true]);
  }
});

test("the words and signs mean nothing in strings, comments and names", async (t) => {
  const { result } = await runProject(t, {
    files: {
      "main.ts": `// @D accessor using x\nconst using = 1, accessor = 2; const o = { accessor, using }; class A { accessor = "@D"; }
        export const result = [using, accessor, o.using, new A().accessor, /@/.source];`,
    },
  });
  deepEqual(result, [1, 2, 1, "@D", "@"]);
});

test("what only the checker of TypeScript minds is let pass, as its own build does", async (t) => {
  const text = `export function f(...items?: number[]) { return items.length; } export const result = f(1, 2);`;
  const files = { "main.ts": text };
  equal((await runProject(t, { files, compilers: ["typescript"] }))["result"], 2);
  await rejects(runProject(t, { files }), /main\.ts:1:28: Expected ',', got ':'/);
});

test("merged namespaces see each other's exports, or are refused", async (t) => {
  const text = `namespace N { export const a = 1; } namespace N { export const b = a + 1; } export const result = N.b;`;
  const files = { "main.ts": text };
  equal((await runProject(t, { files, compilers: ["typescript"] }))["result"], 2);
  const why =
    /main\.ts:1:\d+: a of the namespace N, declared in another part of it, needs typescript/;
  await rejects(runProject(t, { files, compilers: ["swc"] }), why);
  await rejects(runProject(t, { files }), why);
  const apart = `namespace N { export const a = 1; } namespace N { const a = 5; export const b = a + N.a; } export const result = N.b;`;
  equal((await runProject(t, { files: { "main.ts": apart } }))["result"], 6);
});

test("a text that is read while the caller sleeps gives the same", (t) => {
  const text = `const D = (c: any): any => {}; @D class A {} export const result = A.name;`;
  const modules = createProject(t, { files: { "main.ts": text }, compilers: ["swc"] });
  const { names } = modules.cache.image(modules.path("main.ts"));
  ok(names.has("result"));
  throws(() => modules.cache.image(modules.path("none.ts")), { code: "ERR_MODULE" });
});
