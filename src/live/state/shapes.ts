/**
 * Makers of objects to measure: for each list of keys that comes often, a function that writes the object out.
 *
 * A loop of assignments costs five times as much as a literal, and a state may have millions of objects of a few kinds. What
 * an object holds besides primitives is replaced by the walk later, for it may lead back to the object. The copier of
 * messages has a table of the same kind (base/copy-shape.ts), whose functions read getters; here nothing is called.
 */

/** Takes a field that holds more than a primitive. */
export type Later = (object: object, key: string, value: unknown) => void;

/** What is made for a list of keys. */
export interface Shape {
  readonly keys: readonly string[];
  /**
   * Copies an object of the service that has these properties and no others, without calling anything of it.
   *
   * @returns undefined if a property is not as assignment makes it: an accessor, not enumerable, fixed.
   */
  take(source: object, later: Later): object | undefined;
  /** Copies an object that has these fields and no others. */
  copy(source: object, later: Later): object;
  /** Makes a class whose instances have these fields and those of a source. */
  readonly shell: () => ShellClass;
  /** Notes what an instance holds besides primitives. */
  readonly note: (source: object, later: Later, copy: object) => object;
  /** What copies fields into an instance of a class, by the prototype of that. */
  readonly shells: WeakMap<object, (source: object, later: Later) => object>;
}

type ShellClass = (new (source: object) => object) & { prototype: object };

/** Objects with more keys are dictionaries rather than records. */
const SHAPE_KEYS_MAX = 64;
/** How many are kept. */
const SHAPES_MAX = 512;
/** How often a list of keys comes before something is made for it. */
const DEMAND = 16;

const table = new Map<string, (Shape | { keys: readonly string[]; count: number })[]>();
let size = 0;

/** Returns what is made for a list of keys; undefined if it has not come often enough. */
export function findShape(keys: readonly string[]): Shape | undefined {
  const { length } = keys;
  if (length === 0 || length > SHAPE_KEYS_MAX || keys.includes("__proto__")) return undefined;
  const last = keys[length - 1] as string;
  let alike = table.get(last);
  if (alike === undefined) table.set(last, (alike = []));
  for (let index = 0; index < alike.length; index += 1) {
    const known = alike[index] as (typeof alike)[number];
    if (!isSame(known.keys, keys)) continue;
    if ("take" in known) return known;
    known.count += 1;
    if (known.count < DEMAND) return undefined;
    const shape = compile(known.keys);
    alike[index] = shape;
    return shape;
  }
  if (size >= SHAPES_MAX) {
    table.clear();
    size = 0;
    return undefined;
  }
  size += 1;
  alike.push({ keys: [...keys], count: 1 });
  return undefined;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

function compile(keys: readonly string[]): Shape {
  const names = keys.map((key) => JSON.stringify(key));
  const fields = (value: (at: number) => string): string =>
    names.map((name, at) => `[${name}]: ${value(at)}`).join(", ");
  const describe = names.map((name, at) => `const p${at} = describe(source, ${name});`).join(" ");
  const usual = names
    .map((_, at) => `p${at}.writable === true && p${at}.enumerable && p${at}.configurable`)
    .join(" && ");
  const values = names.map((_, at) => `const v${at} = p${at}.value;`).join(" ");
  const made = `const copy = { ${fields((at) => `v${at}`)} }; ${laterAll(names)} return copy;`;
  const text = `return (source, later) => { ${describe} if (!(${usual})) return; ${values} ${made} };`;
  const take: unknown = new Function("describe", text)(Reflect.getOwnPropertyDescriptor);
  const copy = new Function("source", "later", `${readAll(names)} ${made}`);
  const assigned = names.map((name, at) => `this[${name}] = v${at};`).join(" ");
  const shell = new Function(`return function Shell(source) { ${readAll(names)} ${assigned} }`);
  const noted = `${readAll(names)} ${laterAll(names)} return copy;`;
  const note = new Function("source", "later", "copy", noted);
  return { keys, take, copy, shell, note, shells: new WeakMap() } as unknown as Shape;
}

/**
 * Returns a function that makes an instance of a class with the fields of a source; no constructor runs.
 *
 * @returns undefined if an assignment would run a setter of the class.
 */
export function shellOf(
  shape: Shape,
  prototype: object,
): ((source: object, later: Later) => object) | undefined {
  const known = shape.shells.get(prototype);
  if (known !== undefined) return known;
  if (shape.keys.some((key) => key in prototype)) return undefined;
  const Shell = shape.shell();
  Shell.prototype = prototype;
  const make = (source: object, later: Later): object =>
    shape.note(source, later, new Shell(source));
  shape.shells.set(prototype, make);
  return make;
}

function readAll(names: readonly string[]): string {
  return names.map((name, at) => `const v${at} = source[${name}];`).join(" ");
}

function laterAll(names: readonly string[]): string {
  const isHeld = (at: number): string =>
    `typeof v${at} === "object" ? v${at} !== null : typeof v${at} === "function" || typeof v${at} === "symbol"`;
  return names.map((name, at) => `if (${isHeld(at)}) later(copy, ${name}, v${at});`).join(" ");
}
