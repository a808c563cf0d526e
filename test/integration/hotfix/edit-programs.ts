/**
 * Random programs of two modules, and random edits of them.
 *
 * A program is a model of which a text is written: state, constants, functions of all shapes, classes with
 * inheritance, objects with functions, methods that wait. Some programs also keep values that were computed
 * from all this, closures and timers: of these a diff must not say that an edit is applied.
 */

import type { Random } from "../../../src/base/random.ts";

/** A function or a method: how it is written, and what it returns. */
interface Body {
  readonly text: string;
  readonly shape: number;
}

/** A program. */
export interface Model {
  constants: number[];
  computed: string[];
  libFunctions: Body[];
  libMethods: string[];
  functions: Body[];
  methods: string[];
  statics: string[];
  getter: string;
  table: string[];
  responses: Body[];
  extra: string[];
  /** Whether values are computed from functions and constants when the program begins. */
  keeps: readonly boolean[];
}

/** The texts of a program. */
export interface Texts {
  readonly service: string;
  readonly library: string;
}

const STATE = ["s0", "s1"];

/** Writes programs and edits them. */
export class Programs {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Makes a program; `keepShare` of 10 of them keep computed values. */
  create(keepShare: number): Model {
    const keeps = [0, 0, 0, 0, 0, 0].map(() => this.#below(10) < keepShare);
    const model: Model = {
      constants: [0, 0, 0, 0].map(() => this.#below(9)),
      computed: [this.#sum(), this.#sum()],
      libFunctions: [],
      libMethods: [],
      functions: [],
      methods: [],
      statics: [],
      getter: "",
      table: [],
      responses: [],
      extra: [],
      keeps,
    };
    for (let index = 0; index < 2; index += 1) model.libFunctions.push(this.#libBody(index));
    model.libMethods.push(this.#libExpression(2), this.#libExpression(2));
    for (let index = 0; index < 4; index += 1) model.functions.push(this.#body(index));
    model.methods.push(this.#methodText(), this.#methodText());
    model.statics.push(this.#expression(4));
    model.getter = this.#expression(4);
    model.table.push(this.#expression(4), this.#expression(4));
    for (let index = 0; index < 3; index += 1) model.responses.push(this.#response());
    return model;
  }

  /** Edits a program in one to three places. */
  edit(before: Model): Model {
    const model = structuredClone(before);
    const count = 1 + this.#below(3);
    for (let step = 0; step < count; step += 1) this.#editOnce(model);
    return model;
  }

  #editOnce(model: Model): void {
    const { functions, methods, responses, constants } = model;
    switch (this.#below(14)) {
      case 0:
      case 1: {
        const index = this.#below(4);
        functions[index] = this.#body(index);
        break;
      }
      case 2:
        constants[this.#below(4)] = this.#below(99);
        break;
      case 3:
        model.computed[this.#below(2)] = this.#sum();
        break;
      case 4: {
        const index = this.#below(2);
        model.libFunctions[index] = this.#libBody(index);
        break;
      }
      case 5:
        model.libMethods[this.#below(2)] = this.#libExpression(2);
        break;
      case 6:
        methods[this.#below(2)] = this.#methodText();
        break;
      case 7:
        if (methods.length < 5) methods.push(this.#methodText());
        responses[this.#below(3)] = {
          text: `obj.m${methods.length - 1}(x) + ${this.#expression(4)}`,
          shape: 0,
        };
        break;
      case 8:
        model.statics[0] = this.#expression(4);
        break;
      case 9:
        model.getter = this.#expression(4);
        break;
      case 10:
        model.table[this.#below(2)] = this.#expression(4);
        break;
      case 11:
        responses[this.#below(3)] = this.#response();
        break;
      case 12:
        responses.push(this.#response());
        break;
      default: {
        const { extra } = model;
        // Names are taken out as well as added.
        if (extra.length > 0 && this.#below(3) === 0) {
          const name = `e${extra.length - 1}(`;
          const isUsed = [...functions, ...responses].some(({ text }) => text.includes(name));
          if (!isUsed) extra.pop();
        } else {
          extra.push(this.#expression(4));
          responses[this.#below(3)] = { text: `e${extra.length - 1}(x) + 1`, shape: 0 };
        }
      }
    }
  }

  #below(bound: number): number {
    return this.#random.below(bound);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }

  #sum(): string {
    return `${this.#pick(["K0", "K1"])} ${this.#pick(["+", "*"])} ${this.#below(9)}`;
  }

  #body(index: number): Body {
    return { text: this.#expression(index), shape: this.#below(4) };
  }

  #libBody(index: number): Body {
    return { text: this.#libExpression(index), shape: this.#below(3) };
  }

  #response(): Body {
    return { text: this.#expression(5), shape: this.#below(3) };
  }

  #methodText(): string {
    return `${this.#expression(4)} + (this.v += ${1 + this.#below(3)})`;
  }

  /** An expression of the library; it may call its first functions. */
  #libExpression(known: number, depth = 0): string {
    const below = (): string => this.#libExpression(known, depth + 1);
    switch (this.#below(depth > 2 ? 4 : 7)) {
      case 0:
        return String(this.#below(9));
      case 1:
        return "x";
      case 2:
        return this.#pick(["L0", "L1", "LD"]);
      case 3:
        return "l0";
      case 4:
        return `(${below()} + ${below()})`;
      case 5:
        return `(l0 = (${below()}) % 1000)`;
      default:
        return known > 0 ? `g${this.#below(known)}(${below()} % 50)` : "x";
    }
  }

  /** An expression of the service; up to 4 it may call its first functions, at 5 all there is. */
  #expression(known: number, depth = 0): string {
    const below = (): string => this.#expression(known, depth + 1);
    switch (this.#below(depth > 2 ? 4 : 9)) {
      case 0:
        return String(this.#below(9));
      case 1:
        return this.#pick([...STATE, "l0"]);
      case 2:
        return this.#pick(["K0", "K1", "D0", "D1", "L0"]);
      case 3:
        return "x";
      case 4:
        return `(${below()} + ${below()})`;
      case 5:
        return `(${this.#pick(STATE)} = (${below()}) % 1000)`;
      case 6:
        return `g${this.#below(2)}(${below()} % 50)`;
      case 7:
        return `[1, 2].map((y) => y + ${below()}).reduce((a, b) => a + b, 0)`;
      default:
        return this.#call(known, `${below()} % 50`);
    }
  }

  #call(known: number, argument: string): string {
    if (known === 0) return "x";
    if (known < 5) return `f${this.#below(Math.min(known, 4))}(${argument})`;
    const all = [
      ...["f0", "f1", "f2", "f3", "obj.m0", "obj.m1", "obj.b0", "obj.b1"],
      ...["held[0]", "held[1]", "table.a", "table.deep.b", "C.s0", "table.f"],
    ];
    return this.#below(5) === 0 ? "obj.big" : `${this.#pick(all)}(${argument})`;
  }
}

/** Writes the texts of a program. */
export function writeTexts(model: Model, name: string): Texts {
  return { service: serviceText(model, name), library: libraryText(model) };
}

function libraryText({ constants, libFunctions, libMethods, keeps }: Model): string {
  const functions = libFunctions.map((body, index) => functionText(`g${index}`, body, true));
  return `
export let l0 = 1;
export const L0 = ${constants[2]}; export const L1 = ${constants[3]};
const LD = L0 * 2 + L1;
${functions.join("\n")}
${keeps[0] === true ? "export const kept0 = g1(L1);" : "export const kept0 = 1;"}
export class Base {
  v = 0;
  b0(x: number): number { return ${libMethods[0]} + (this.v += 1); }
  b1(x: number, y = 2): number { return ${libMethods[1]} + y; }
}
export function setLib(a: number) { l0 = a; }
`;
}

function serviceText(model: Model, name: string): string {
  const { constants, computed, functions, methods, statics, table, responses, keeps } = model;
  return `
import { g0, g1, L0, Base, l0, setLib, kept0 } from "./${name}lib.ts";
let s0 = 1; let s1 = 2;
const K0 = ${constants[0]};
const K1 = ${constants[1]};
const D0 = ${computed[0]};
const D1 = D0 + ${computed[1]};
${functions.map((body, index) => functionText(`f${index}`, body, false)).join("\n")}
${model.extra.map((text, index) => `function e${index}(x: number): number { return ${text}; }`).join("\n")}
class C extends Base {
${methods.map((text, index) => `  m${index}(x: number): number { return ${text}; }`).join("\n")}
  static s0(x: number): number { return ${statics[0]}; }
  get big(): number { const x = this.v; return ${model.getter}; }
}
const obj = new C();
const held = [f0, f2];
const table = {
  a: (x: number): number => ${table[0]},
  deep: { b(x: number): number { return ${table[1]}; } },
  f: f1,
};
${keeps[1] === true ? "const kept1 = f1(K0);" : "const kept1 = 1;"}
${keeps[2] === true ? "const kept2 = [L0 * 2];" : "const kept2 = [1];"}
${keeps[3] === true ? "const kept3 = table.a(3) + obj.m0(1);" : "const kept3 = 1;"}
function make(k: number) { ${keeps[4] === true ? "return (x: number) => x + k + K0 + f0(x);" : "return f3;"} }
const made = make(3);
const kept5 = ${keeps[5] === true ? "held.map((h) => h(2))" : "[1]"};
export const response = {
${responses.map(responseText).join("\n")}
  kept(x: number) { return [kept0, kept1, kept2, kept3, made(x), kept5].join(); },
  dump() { return [s0, s1, obj.v, l0]; },
  load(a: number, b: number, c: number, d: number) { s0 = a; s1 = b; obj.v = c; setLib(d); },
};
`;
}

function functionText(name: string, { text, shape }: Body, isExported: boolean): string {
  const head = isExported ? "export " : "";
  switch (shape) {
    case 0:
      return `${head}function ${name}(x: number): number { return ${text}; }`;
    case 1:
      return `${head}const ${name} = (x: number): number => ${text};`;
    case 2:
      return `${head}const ${name} = function (x: number): number {\n  return ${text};\n};`;
    default:
      return `${head}function ${name}(x: number, y = x): number { const z = ${text}; return z + y; }`;
  }
}

function responseText({ text, shape }: Body, index: number): string {
  if (shape === 1) return `  async r${index}(x: number) { await null; return ${text}; },`;
  if (shape === 2) return `  r${index}: (x: number): number => ${text},`;
  return `  r${index}(x: number) { return ${text}; },`;
}
