/**
 * Random classes, patches of them, and the text that an author would write who has the patched classes from the start.
 *
 * The texts are written in as many ways as people have: with and without semicolons, blanks, comments, types, on one line or several.
 */

import type { Random } from "../../src/base/random.ts";

interface Field {
  readonly name: string;
  /** Undefined for one without an initialiser. */
  readonly value: string | undefined;
}

interface Maker {
  readonly parameters: readonly string[];
  readonly body: string;
}

interface ClassModel {
  readonly name: string;
  readonly parent: string | undefined;
  readonly fields: Field[];
  maker: Maker | undefined;
}

/** One round: a service, patches for it, and what it should be like then. */
export interface ClassRound {
  readonly running: string;
  readonly patches: readonly string[];
  readonly merged: string;
  /** What the class of each patch would be by itself, as if it took over: a fault that has to be found. */
  readonly takenOver: string;
}

const NAMES = ["a", "b", "c", "d", `"q r"`, "7", "[KEY]", "[SIGN]", "[Symbol.iterator]"];
const HEAD = `
  let count = 0; const next = () => ++count; const KEY = "key", SIGN = Symbol("sign");
  const told = (x: any) => typeof x + (typeof x === "function" ? "" : x);`;
const TAIL = `
  const show = (v: any): any => typeof v === "function" ? "function" + (isNamed ? " " + v.name : "") : v instanceof RegExp ? String(v) : v;
  export const response = { look() {
    count = 0;
    const made = [B, A].map((C: any) => { const o = new C(); return Reflect.ownKeys(o).map((key) => [String(key), show(o[key])]); });
    return [...made, count];
  } };`;

/** Makes one round. */
export function createRound(random: Random): ClassRound {
  const draw = new Draw(random);
  const before = [draw.class("A", undefined), draw.class("B", "A")];
  const after = structuredClone(before);
  const alone = structuredClone(before);
  const hasEnum = draw.chance(0.3);
  const patches = Array.from({ length: 1 + random.below(3) }, () => {
    const at = random.below(2);
    const [running, merged] = [before[at], after[at]];
    if (running === undefined || merged === undefined) return "";
    const given = draw.class(running.name, running.parent, 0.4, 0);
    merge(merged, given);
    alone[at] = given;
    return draw.text(given, draw.chance(0.3));
  });
  const texts = [before, after, alone].map((classes) =>
    classes.map((each) => draw.text(each, false)).join("\n"),
  );
  // A compiler that moves initialisers into the constructor takes the names of functions away.
  const isNamed =
    !texts.some((text) => /\b(?:public|readonly)\b/.test(text)) &&
    !/\b(?:public|readonly)\b/.test(patches.join(""));
  const [running = "", merged = "", takenOver = ""] = texts.map(
    (text) =>
      `${HEAD}${hasEnum ? "enum Kind { X = 1 }" : ""} const isNamed = ${isNamed};\n${text}${TAIL}`,
  );
  return { running, patches, merged, takenOver };
}

function merge(into: ClassModel, given: ClassModel): void {
  for (const field of given.fields) {
    const at = into.fields.findIndex(({ name }) => name === field.name);
    if (at < 0) into.fields.push(field);
    else into.fields[at] = field;
  }
  into.maker = given.maker ?? into.maker;
}

class Draw {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  chance(part: number): boolean {
    return this.#random.next() < part;
  }

  #pick(from: readonly string[]): string {
    return from[this.#random.below(from.length)] ?? "";
  }

  class(name: string, parent: string | undefined, making = 0.6, empty = 0.15): ClassModel {
    const fields = new Map<string, Field>();
    for (let left = this.#random.below(5); left > 0; left -= 1) {
      const field = this.#pick(NAMES);
      fields.set(field, { name: field, value: this.chance(empty) ? undefined : this.#value() });
    }
    const maker = this.chance(making) ? this.#maker(parent !== undefined) : undefined;
    return { name, parent, fields: [...fields.values()], maker };
  }

  #value(): string {
    const n = this.#random.below(100);
    const name = this.#pick(NAMES);
    const other = `(this as any)${name.startsWith("[") ? name : `[${/^\w+$/.test(name) ? `"${name}"` : name}]`}`;
    return this.#pick([
      `${n}`,
      `"s${n}"`,
      `(${n} /* ; */ + 1)`,
      "next()",
      `() => ${n}`,
      "function () { return 1; }",
      `class { x = ${n} }`,
      `[${n}, // ]\n 2]`,
      `{ k: ${n} }`,
      "(async () => {})",
      "`t${count}=`",
      "/=[;}]/g",
      `told(${other})`,
      other,
      `(this as any).helper?.() ?? ${n}`,
      "(super.toString as any) === Object.prototype.toString",
      "void 0",
    ]);
  }

  #maker(isDerived: boolean): Maker {
    const n = this.#random.below(10);
    const parameters: string[] = [];
    if (this.chance(0.4))
      parameters.push(
        `${this.#pick(["public ", "private readonly ", "readonly "])}${this.#pick(["p", "q"])}: any = ${n}`,
      );
    if (this.chance(0.5)) parameters.push(`argument: any = ${n}`);
    const statements = [
      isDerived ? "super();" : "",
      `(this as any).made = "${n}";`,
      this.chance(0.5) ? "count++;" : "",
      this.chance(0.4) ? "(this as any).a = told((this as any).b);" : "",
      this.chance(0.3) ? "(this as any).target = new.target.name;" : "",
    ];
    return { parameters, body: statements.join(" ") };
  }

  /** @param hasType - whether a field that is nothing but a type stands in front. */
  text({ name, parent, fields, maker }: ClassModel, hasType: boolean): string {
    const members = fields.map((field) => this.#fieldText(field));
    if (maker !== undefined) {
      const text = `constructor(${maker.parameters.join(", ")}) { ${maker.body} }\n`;
      members.splice(this.#random.below(members.length + 1), 0, text);
    }
    if (hasType) members.unshift("typed: string;");
    const head = parent === undefined ? "" : ` extends ${parent}`;
    return `class ${name}${head} { ${members.join("")} m() { return 1; } }`;
  }

  #fieldText({ name, value }: Field): string {
    const lead = this.#pick(["", "  ", "/* c */ "]);
    if (value === undefined) return `${lead}${name};`;
    const sign = this.#pick([" = ", "=", " =\n", " /* = */ = ", ": any = "]);
    return `${lead}${name}${sign}${value};${this.#pick(["", "\n"])}`;
  }
}
