/**
 * Random parts of programs, each of one kind of what a patch can give, and edits of them.
 *
 *     text(model)            what the module has
 *     patch(before, after)   what an author sends who gives only what has changed, or a little more
 *     look                   an expression that shows what the part does, for live objects and later ones
 *     state                  what a fresh module is given of the one that runs: an expression, and how it is put back
 */

import type { Random } from "../../src/base/random.ts";

/** What may be edited of a part, as numbers and texts. */
export type Model = readonly number[];

/** A kind of part. */
export interface PartKind {
  readonly name: string;
  /** How many numbers its model has. */
  readonly size: number;
  readonly text: (model: Model, n: number) => string;
  /** @param isWhole - whether it repeats what has not changed. */
  readonly patch: (after: Model, before: Model, n: number, isWhole: boolean) => string;
  readonly look: (n: number) => string;
  readonly state?: (n: number) => { readonly get: string; readonly set: string };
}

type Give = (index: number, text: string) => string;

/** Gives what has changed, or everything. */
function giver(after: Model, before: Model, isWhole: boolean): Give {
  return (index, text) => (isWhole || after[index] !== before[index] ? text : "");
}

const KINDS: readonly PartKind[] = [
  {
    name: "enum",
    size: 2,
    text: ([a, b], n) =>
      `enum E${n} { A = ${a}, B = ${Number(b) + 10}, C } const hold${n} = { E: E${n} };`,
    patch: ([a, b], _, n) => `enum E${n} { A = ${a}, B = ${Number(b) + 10}, C }`,
    look: (n) => `[E${n}.A, E${n}.B, hold${n}.E.C, E${n}[E${n}.C], Object.keys(hold${n}.E).length]`,
  },
  {
    name: "arrow field",
    size: 3,
    text: (
      [a, b, c],
      n,
    ) => `class F${n} { v = 1; go = (x: number): number => (this.v += x * ${a}); late = async (x: number) => { await null; return x + ${b}; }; w = ${c}; }
      const f${n} = new F${n}(); const held${n} = [f${n}.go, f${n}.late] as const;`,
    patch: ([a, b, c], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0, c ?? 0], before, isWhole);
      return `class F${n} { ${give(0, `go = (x: number): number => (this.v += x * ${a});`)} ${give(1, `late = async (x: number) => { await null; return x + ${b}; };`)} ${give(2, `w = ${c};`)} }`;
    },
    look: (n) =>
      `[f${n}.go(3), held${n}[0](2), await held${n}[1](1), await f${n}.late(2), new F${n}().go(4), new F${n}().w]`,
    state: (n) => ({ get: `f${n}.v`, set: `f${n}.v = x;` }),
  },
  {
    name: "parameter property",
    size: 3,
    text: (
      [a, b, c],
      n,
    ) => `class P${n} { tag = "t${c}"; constructor(public a: number, readonly b = ${b}) { this.a += 1; } sum(): string { return this.tag.slice(0, 1) + (this.a * ${a} + this.b); } }
      const p${n} = new P${n}(2, 3);`,
    patch: ([a, b, c], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0, c ?? 0], before, isWhole);
      return `class P${n} { ${give(2, `tag = "t${c}";`)} ${give(1, `constructor(public a: number, readonly b = ${b}) { this.a += 1; }`)} ${give(0, `sum(): string { return this.tag.slice(0, 1) + (this.a * ${a} + this.b); }`)} }`;
    },
    look: (n) =>
      `[p${n}.sum(), new P${n}(5).sum(), new P${n}(1, 1).tag, Object.keys(new P${n}(1)).join()]`,
  },
  {
    name: "held method",
    size: 3,
    text: (
      [a, b, c],
      n,
    ) => `class H${n} { v = 0; hit(x = 1): number { return (this.v += x * ${a}); } async wait(x: number) { return x + ${b}; } get size() { return this.v + ${c}; } set size(x: number) { this.v = x; } }
      const h${n} = new H${n}(); const bound${n} = h${n}.hit.bind(h${n}); const { hit: loose${n}, wait: wait${n} } = h${n};`,
    patch: ([a, b, c], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0, c ?? 0], before, isWhole);
      return `class H${n} { ${give(0, `hit(x = 1): number { return (this.v += x * ${a}); }`)} ${give(1, `async wait(x: number) { return x + ${b}; }`)} ${give(2, `get size() { return this.v + ${c}; }`)} }`;
    },
    look: (n) =>
      `[h${n}.hit(1), bound${n}(2), loose${n}.call(h${n}, 3), bound${n}(), await wait${n}(1), h${n}.size, (h${n}.size = h${n}.v + 1)]`,
    state: (n) => ({ get: `h${n}.v`, set: `h${n}.v = x;` }),
  },
  {
    name: "static",
    size: 3,
    text: ([a, b, c], n) =>
      `class S${n} { static K = ${a}; static f = (x: number): number => x + ${b}; static m(x: number): number { return x * S${n}.K + ${c}; } } const make${n} = S${n}.m;`,
    patch: ([a, b, c], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0, c ?? 0], before, isWhole);
      return `class S${n} { ${give(0, `static K = ${a};`)} ${give(1, `static f = (x: number): number => x + ${b};`)} ${give(2, `static m(x: number): number { return x * S${n}.K + ${c}; }`)} }`;
    },
    look: (n) => `[S${n}.K, S${n}.f(1), S${n}.m(2), make${n}(3)]`,
  },
  {
    name: "mixin",
    size: 2,
    text: (
      [a, b],
      n,
    ) => `const mix${n} = (B: any) => class extends B { base(x: number) { return x + 1; } }; class M${n} extends mix${n}(Object) { v = 1; go(x: number): number { return super.base(x) * ${a} + this.v; } base(x: number): number { return x + ${b}; } }
      const m${n}: any = new M${n}();`,
    patch: ([a, b], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0], before, isWhole);
      return `class M${n} extends mix${n}(Object) { ${give(0, `go(x: number): number { return super.base(x) * ${a} + this.v; }`)} ${give(1, `base(x: number): number { return x + ${b}; }`)} }`;
    },
    look: (n) => `[m${n}.go(2), m${n}.base(1), (new M${n}() as any).go(3)]`,
  },
  {
    name: "table",
    size: 4,
    text: ([a, b, c, d], n) =>
      `const T${n} = { one: { p: ${a}, l: [${b}, 2], s: new Set([${d}]), f(x: number): number { return this.p + x * ${c}; } }, two: { g: (x: number): number => x + ${d} }, n: { k: 1 } }; const hold${n} = [T${n}.one, T${n}.n];`,
    patch: ([a, b, c, d], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0, c ?? 0, d ?? 0], before, isWhole);
      return `const T${n} = { one: { ${give(0, `p: ${a},`)} ${give(1, `l: [${b}, 2],`)} ${give(3, `s: new Set([${d}]),`)} ${give(2, `f(x: number): number { return this.p + x * ${c}; }`)} }, ${give(3, `two: { g: (x: number): number => x + ${d} },`)} };`;
    },
    look: (n) =>
      `[T${n}.one.f(2), T${n}.one.l, [...T${n}.one.s], T${n}.two.g(1), (hold${n}[0] as any).p, (hold${n}[1] as any).k++]`,
    state: (n) => ({ get: `T${n}.n.k`, set: `T${n}.n.k = x;` }),
  },
  {
    name: "object in a static field",
    size: 4,
    text: ([a, b, c, d], n) =>
      `class O${n} { static on = { p: ${a}, l: [${b}], hit(x: number): number { return this.p + x * ${c}; }, deep: { end: (x: number): number => x + ${d} }, n: 1 }; static readonly fixed = Object.freeze({ max: ${d}, twice() { return this.max * 2; } }); go(x: number): number { return O${n}.on.hit(x); } }
      const o${n} = new O${n}(); const on${n} = [O${n}.on, O${n}.on.deep] as any[];`,
    patch: ([a, b, c, d], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0, c ?? 0, d ?? 0], before, isWhole);
      const [deep, fixed] = [
        `deep: { end: (x: number): number => x + ${d} },`,
        `static readonly fixed = Object.freeze({ max: ${d}, twice() { return this.max * 2; } });`,
      ];
      const on = `${give(0, `p: ${a},`)} ${give(1, `l: [${b}],`)} ${give(2, `hit(x: number): number { return this.p + x * ${c}; },`)} ${give(3, deep)}`;
      return `class O${n} { static on = { ${on} }; ${give(3, fixed)} }`;
    },
    look: (n) =>
      `[o${n}.go(2), O${n}.on.p, O${n}.on.l, on${n}[0].hit(1), on${n}[1].end(3), on${n}[0] === O${n}.on, O${n}.on.n++, O${n}.fixed.max, O${n}.fixed.twice(), Object.isFrozen(O${n}.fixed)]`,
    state: (n) => ({ get: `O${n}.on.n`, set: `O${n}.on.n = x;` }),
  },
  {
    name: "list of functions",
    size: 4,
    text: (model, n) =>
      `${lists(model, n)} const keep${n} = [Q${n}, Q${n}[0], W${n}, W${n}.get("o")] as any[]; W${n}.set("own", () => ${n});`,
    patch: (after, before, n, isWhole) => {
      const give = giver(after, before, isWhole);
      const [quests = "", words = "", hooks = ""] = lists(after, n).split("\n");
      // A list is given whole: with what has changed of it.
      const isQuests = after[0] !== before[0] || after[1] !== before[1];
      return `${isQuests || isWhole ? quests : ""} ${give(2, words)} ${give(3, hooks)}`;
    },
    look: (n) =>
      `[Q${n}.map((q: any) => q.f(1)), keep${n}[0] === Q${n}, keep${n}[1].f(2), keep${n}[1].d, Q${n}.length, [...W${n}.keys()], W${n}.get("f")(1), keep${n}[3].g(1), W${n}.get("own")(), [...X${n}].map((f: any) => f()), P${n}.source, T${n}.on.map((f: any) => f(1))]`,
  },
  {
    name: "constant",
    size: 4,
    text: (model, n) => constants(model, n, false),
    patch: (after, before, n, isWhole) => {
      const parts = constants(after, n, true).split("\n");
      const give = giver(after, before, isWhole);
      // What is computed from the first is given with it.
      return [
        give(0, parts[0] ?? ""),
        give(1, parts[1] ?? ""),
        give(2, parts[2] ?? ""),
        give(3, parts[3] ?? ""),
      ].join("\n");
    },
    look: (n) =>
      `[A${n}, B${n}, read${n}(), [...set${n}], [...map${n}], when${n}.getTime(), L${n}, R${n}.source, Z${n}.max, Z${n}.twice(), Object.isFrozen(Z${n}), same${n}[0] === set${n}, same${n}[1] === map${n}, set${n}.size]`,
  },
  {
    // The patch repeats the enum, and the spread; what the spread gave does not change.
    name: "names in brackets",
    size: 5,
    text: (model, n) =>
      `${keyed(model, n).join(" ")} const hold${n} = [N${n}, N${n}[V${n}.B], M${n}] as any[];`,
    patch: (after, before, n, isWhole) => {
      const give = giver(after, before, isWhole);
      const [kinds = "", , , , table = "", spread = "", statics = ""] = keyed(after, n);
      const isTable = [0, 1, 2].some((at) => after[at] !== before[at]);
      return `${isWhole ? kinds : ""} ${isTable || isWhole ? table : ""} ${give(3, spread)} ${give(4, statics)}`;
    },
    look: (n) =>
      `[N${n}[V${n}.A](1), hold${n}[1].f(2), hold${n}[1].d, N${n}[C${n}](1), N${n}[s${n}](), N${n}.quoted(1), hold${n}[0] === N${n}, Object.keys(N${n}).length, M${n}.own(2), M${n}.got(2), hold${n}[2].own(1), O${n}.T[V${n}.B](1), O${n}.T[V${n}.A]]`,
  },
  {
    // What is read from a constant is given again with it.
    name: "values that are read",
    size: 4,
    text: (model, n) =>
      reading(model, n).join(" ") + ` const hold${n} = [D${n}, D${n}.troll] as any[];`,
    patch: (after, before, n, isWhole) => {
      const give = giver(after, before, isWhole);
      const [one = "", two = "", , , table = ""] = reading(after, n);
      const troll = isWhole
        ? `troll: { ...ground${n}, hp: ${after[3]} }`
        : `troll: { hp: ${after[3]} }`;
      return `${give(0, one)} ${give(1, two)} ${table.replace(/troll: \{.*?\}/, troll)}`;
    },
    look: (n) =>
      `[D${n}.u, D${n}.k, D${n}.deep.v, D${n}.troll.hp, D${n}.troll.cry(1), hold${n}[0] === D${n}, hold${n}[1].hp]`,
  },
  {
    name: "function",
    size: 2,
    text: ([a, b], n) =>
      `function g${n}(x: number, y = x): number { return x * ${a} + y; } const k${n} = async (x: number) => g${n}(x) + ${b}; const fs${n} = { g: g${n}, k: k${n} };`,
    patch: ([a, b], before, n, isWhole) => {
      const give = giver([a ?? 0, b ?? 0], before, isWhole);
      return `${give(0, `function g${n}(x: number, y = x): number { return x * ${a} + y; }`)} ${give(1, `const k${n} = async (x: number) => g${n}(x) + ${b};`)}`;
    },
    look: (n) => `[g${n}(1), fs${n}.g(2), await k${n}(3), await fs${n}.k(4), fs${n}.g === g${n}]`,
  },
];

/** As many entries as the second number says. */
function lists([a, b, c, d]: Model, n: number): string {
  const quests = Array.from(
    { length: (Number(b) % 3) + 1 },
    (_, at) => `{ d: [${Number(a) + at}], f(x: number) { return x * ${a} + ${at}; } }`,
  );
  const words = `["f", (x: number) => x + ${c}], ["o", { g(x: number) { return x * ${c}; } }]`;
  const more = Number(c) % 2 === 0 ? `, ["k${Number(c) % 5}", () => ${c}]` : "";
  return [
    `const Q${n}: any[] = [${quests.join()}];`,
    `const W${n} = new Map<string, any>([${words}${more}]);`,
    `const X${n} = new Set<any>([() => ${d}${Number(d) % 2 === 0 ? ", () => 1" : ""}]), P${n} = new RegExp("a${d}", "i"), T${n}: any = { on: [(x: number) => x + ${d}] };`,
  ].join("\n");
}

/** An enum, a constant, a symbol and an object, then what patches give: a table, one with a spread, and a static field. */
function keyed([a, b, c, d, e]: Model, n: number): string[] {
  return [
    `enum V${n} { A = 3, B = "b" }`,
    `const C${n} = "c";`,
    `const s${n} = Symbol("s");`,
    `const base${n} = { got: (x: number) => x + 1, own: (x: number) => x };`,
    `const N${n}: any = { [V${n}.A]: (x: number) => x * ${a}, [V${n}.B]: { d: ${b}, f(x: number) { return x + ${b}; } }, [C${n}]: (x: number) => x - ${c}, [s${n}]: () => ${a}, ["quoted"]: (x: number) => x * ${c} };`,
    `const M${n} = { ...base${n}, own: (x: number) => x * ${d} };`,
    `class O${n} { static T: any = { [V${n}.B]: (x: number) => x + ${e}, [V${n}.A]: ${e} }; }`,
  ];
}

/** Two constants, an enum, an object that is spread, and a table that reads them. */
function reading([a, b, c, d]: Model, n: number): string[] {
  const [isFirst, isEven] = [Number(c) % 3 === 0, Number(c) % 2 === 0];
  return [
    `const U${n} = ${a};`,
    `const Y${n} = ${b};`,
    `enum J${n} { A = 1, B = 2 }`,
    `const ground${n} = { hp: 1, cry: (x: number) => x };`,
    `const D${n}: any = { u: ${isFirst ? `U${n}` : `Y${n}`}, k: J${n}.${isEven ? "A" : "B"}, deep: { v: ${isEven ? `Y${n}` : c} }, troll: { ...ground${n}, hp: ${d} } };`,
  ];
}

function constants([a, b, c, d]: Model, n: number, isPatch: boolean): string {
  const lines = [
    `const A${n} = ${a}, B${n} = A${n} * 2;`,
    `const set${n} = new Set([${b}, "s"]), map${n} = new Map([[${b}, { k: ${b} }]]);`,
    `const when${n} = new Date(${c}); const L${n} = [${c}, { l: ${c} }], R${n} = /a${c}/;`,
    `const Z${n} = Object.freeze({ max: ${d}, twice() { return this.max * 2; } });`,
  ];
  return isPatch
    ? lines.join("\n")
    : `${lines.join("\n")}\nconst same${n} = [set${n}, map${n}]; function read${n}(x = A${n}) { return x + B${n}; }`;
}

/** The kinds of parts. */
export const PART_KINDS: readonly PartKind[] = KINDS;

/** One part of a program. */
export interface Part {
  readonly kind: PartKind;
  readonly model: Model;
}

/** Makes a program of some parts. */
export function drawParts(random: Random, count: number): Part[] {
  return Array.from({ length: count }, () => {
    const kind = KINDS[random.below(KINDS.length)] as PartKind;
    return { kind, model: Array.from({ length: kind.size }, () => random.below(90)) };
  });
}

/** Edits one or more of the parts. */
export function editParts(
  random: Random,
  parts: readonly Part[],
): { readonly parts: Part[]; readonly patch: string; readonly edited: readonly number[] } {
  const edited: number[] = [];
  const patch: string[] = [];
  const next = parts.map((part, n) => {
    if (random.below(2) === 0) return part;
    const model = part.model.map((each) => (random.below(2) === 0 ? random.below(90) : each));
    if (model.every((each, index) => each === part.model[index])) return part;
    edited.push(n);
    patch.push(part.kind.patch(model, part.model, n, random.below(3) === 0));
    return { ...part, model };
  });
  return { parts: next, patch: patch.join("\n"), edited };
}

/** The text of a service with these parts. */
export function textOfParts(parts: readonly Part[]): string {
  const texts = parts.map(({ kind, model }, n) => kind.text(model, n));
  const looks = parts.map(({ kind }, n) => kind.look(n));
  const states = parts.map(({ kind }, n) => kind.state?.(n) ?? { get: "0", set: "" });
  const sets = states.map(({ set }, n) => `{ const x = all[${n}] ?? 0; ${set} }`);
  return `${texts.join("\n")}
    export const response = {
      async look() { return [${looks.join(", ")}]; },
      dump() { return [${states.map(({ get }) => get).join(", ")}]; },
      load(all: number[]) { ${sets.join(" ")} },
    };`;
}
