/** diff(running, edited): what an edit does to what runs, and nothing claimed that would not be so. */

import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { diff, diffProgram } from "../../../src/texts/diff.ts";
import { fold } from "../../../src/texts/merge.ts";
import type { ModuleDiff } from "../../../src/texts/verdict.ts";
import { applyEdit, BASE, EDITS, LIBRARY } from "../../integration/hotfix/edit-table.ts";

/** The changes as lines of text. */
function said({ changes }: ModuleDiff): string {
  return changes.map(({ verdict, what, why }) => `${verdict} ${what}: ${why}`).join("\n");
}

for (const each of EDITS) {
  test(`a diff says ${each.verdict} of ${each.title}`, () => {
    const edited = applyEdit(each);
    const [found] = diffProgram([
      { file: "shop.ts", running: BASE, edited },
      { file: "lib/half.ts", running: LIBRARY, edited: LIBRARY },
    ]);
    ok(found);
    equal(found.verdict, each.verdict, said(found));
    const { says } = each;
    if (says !== undefined)
      ok(
        found.changes.some(({ why }) => says.test(why)),
        said(found),
      );
    if (found.verdict === "same") equal(found.patch, undefined);
    if (found.verdict !== "applied") return;
    // The patch leads to the edited text.
    const text = fold(BASE, [found.patch ?? ""], "shop.ts");
    const again = diff(text, edited, "shop.ts");
    ok(again.verdict === "same", `${said(again)}\n${text}`);
  });
}

/** What must be a note, since what runs keeps something old. */
const NOTES: readonly (readonly [
  title: string,
  running: string,
  from: string,
  to: string,
  says: RegExp,
])[] = [
  [
    "a function whose closures live on",
    "function make(k: number) { return () => k + 1; }\nconst f = make(1);",
    "k + 1",
    "k + 2",
    /closures/,
  ],
  [
    "a local function that is given away",
    "function go() { const work = () => 1; setInterval(work, 5); return [1].some(work); }",
    "() => 1",
    "() => 2",
    /closures/,
  ],
  [
    "a local function that a lazy list keeps",
    "function go(m: Map<number, number>) { const work = () => 1; return m.values().map(work); }",
    "() => 1",
    "() => 2",
    /closures/,
  ],
  [
    "a local function that waits in a loop",
    "function go() { const work = async () => { for (;;) await tick(1); }; work(); }\nasync function tick(n: number) {}",
    "tick(1)",
    "tick(2)",
    /closures/,
  ],
  [
    "a function that has armed a timer with a closure",
    "function go() { setInterval(() => work(1), 5); }\nfunction work(n: number) {}",
    "work(1)",
    "work(2)",
    /closures/,
  ],
  [
    "a loop that waits",
    "async function loop() { while (true) { await tick(); } }\nasync function tick() {}",
    "await tick();",
    "await tick(); await tick();",
    /waits in a loop/,
  ],
  ["a generator", "function* all() { yield 1; }", "yield 1", "yield 2", /generators/],
  [
    "a constant from which a value was computed",
    "const TAX = 2;\nconst all = new Map([[1, TAX]]);",
    "TAX = 2",
    "TAX = 3",
    /all.*made with TAX/,
  ],
  [
    "a function from which a constant was computed",
    "const LIMIT = twice(2);\nfunction twice(n: number) { return n * 2; }",
    "n * 2",
    "n * 3",
    /LIMIT.*made with twice/,
  ],
  [
    "a function behind one from which a constant was computed",
    "const LIMIT = twice(2);\nfunction twice(n: number) { return inner(n); }\nconst inner = function (n: number) { return n; };",
    "return n;",
    "return n + 1;",
    /LIMIT/,
  ],
  [
    "a method that made a constant",
    "class A { m() { return 1; } }\nconst a = new A();\nconst N = a.m();",
    "return 1",
    "return 2",
    /N.*made with A.m/,
  ],
  [
    "what a constructor has used",
    "class A { x = f(); }\nfunction f() { return 1; }\nconst a = new A();",
    "return 1",
    "return 2",
    /a.*made with f/,
  ],
  [
    "what the constructor of a parent has used",
    "class A { x = f(); }\nclass B extends A {}\nfunction f() { return 1; }\nconst b = new B();",
    "return 1",
    "return 2",
    /b.*made with f/,
  ],
  [
    "a getter that made a constant",
    "class A { get m() { return 1; } }\nconst a = new A();\nconst N = a.m + 1;",
    "return 1",
    "return 2",
    /N/,
  ],
  [
    "a function that a call was given",
    "const N = [1, 2].map(twice);\nfunction twice(n: number) { return n * 2; }",
    "n * 2",
    "n * 3",
    /N/,
  ],
  [
    "a function that a callback calls",
    "const N = [1].map((n) => twice(n));\nfunction twice(n: number) { return n * 2; }",
    "n * 2",
    "n * 3",
    /N/,
  ],
  [
    "a function out of an object",
    "const t = { f };\nconst N = t.f();\nfunction f() { return 1; }",
    "return 1",
    "return 2",
    /N/,
  ],
  [
    "a function out of a list",
    "const t = [f];\nconst N = t[0]!();\nfunction f() { return 1; }",
    "return 1",
    "return 2",
    /N/,
  ],
  [
    "a static field that was computed",
    "class A { static N = f(); }\nfunction f() { return 1; }",
    "return 1",
    "return 2",
    /A.*made with f/,
  ],
  [
    "a timer that was armed with a constant",
    "const EVERY = 5;\nfunction go() { setInterval(tick, EVERY); }\nfunction tick() {}",
    "EVERY = 5",
    "EVERY = 6",
    /old time/,
  ],
  [
    "a timer armed with a computed constant",
    "const S = 5;\nconst EVERY = S * 2;\nsetInterval(tick, EVERY);\nfunction tick() {}",
    "S = 5",
    "S = 6",
    /old time/,
  ],
  [
    "what ran when the module began",
    "fill(1);\nfunction fill(n: number) { all.push(n); }\nconst all: number[] = [];",
    "push(n)",
    "push(n, n)",
    /ran with the old fill/,
  ],
  [
    "a method with a pattern that is taken as a value",
    "class A { hit({ by }: any) { return by; } }\nconst a = new A();\nconst h = a.hit;",
    "return by",
    "return by + 1",
    /keeps the old one/,
  ],
  [
    "a function that was taken out of an object",
    "const t = { f: () => 1 };\nconst { f } = t;",
    "() => 1",
    "() => 2",
    /keeps the old one/,
  ],
  [
    "an arrow function in a field",
    "class A { on = () => 1; }\nconst a = new A();",
    "() => 1",
    "() => 2",
    /live instances may keep/,
  ],
  [
    "a number in an object of a static field",
    "class A { static t = { n: 1, f() { return 1; } }; }\nuse(A);\nfunction use(o: object) {}",
    "n: 1",
    "n: 5",
    /A\.t\.n: data that the program may have changed/,
  ],
  [
    "a static field that is assigned",
    "class A { static n = 0; m() { A.n += 1; } }",
    "n = 0",
    "n = 5",
    /keeps its value/,
  ],
  [
    "a number in an object that is passed on",
    "const t = { n: 1 };\nuse(t);\nfunction use(o: object) {}",
    "n: 1",
    "n: 2",
    /may have changed/,
  ],
];

for (const [title, running, from, to, says] of NOTES) {
  test(`a diff never says of ${title} that all is applied`, () => {
    ok(running.includes(from));
    const found = diff(running, running.replace(from, to), "a.ts");
    equal(found.verdict, "note", said(found));
    match(said(found), says);
  });
}

/** What is not a note: too many of them would go unread. */
const APPLIED: readonly (readonly [title: string, running: string, from: string, to: string])[] = [
  [
    "a function that a timer calls",
    "setInterval(report, 5);\nfunction report() { return 1; }",
    "return 1",
    "return 2",
  ],
  [
    "a function in an object",
    "const t = { f };\nfunction f() { return 1; }",
    "return 1",
    "return 2",
  ],
  [
    "a function with callbacks of a list",
    "function f(a: number[]) { return a.map((n) => n + 1); }",
    "n + 1",
    "n + 2",
  ],
  [
    "a closure that uses nothing of its function",
    "function go() { log(1); setInterval(() => tick(), 5); }\nfunction tick() {}\nfunction log(n: number) {}",
    "log(1)",
    "log(2)",
  ],
  [
    "a method of an instance",
    "class A { m() { return f(); } }\nfunction f() { return 1; }\nconst a = new A();",
    "return 1",
    "return 2",
  ],
  [
    "a handler that is registered",
    'skynet.dispatch("lua", f);\nfunction f() { return 1; }\ndeclare const skynet: any;',
    "return 1",
    "return 2",
  ],
  [
    "a function that waits",
    "async function f() { for (const n of [1]) await g(n); }\nasync function g(n: number) {}",
    "await g(n)",
    "await g(n + 1)",
  ],
];

for (const [title, running, from, to] of APPLIED) {
  test(`a diff says applied of ${title}`, () => {
    ok(running.includes(from));
    const found = diff(running, running.replace(from, to), "a.ts");
    equal(found.verdict, "applied", said(found));
  });
}
