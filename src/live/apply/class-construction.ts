/**
 * How the instances of a class are made once a patch has changed it: fields and constructor by
 * member.
 *
 * What patches give is put together with what the running class has. The outcome is a class of its
 * own that constructs in the place of the running one (see loader/weave/class-weave.ts), so that
 * constructing costs the classes nothing that no patch has changed:
 *
 *     stem    class extends Base { name=...; gold=...; }      the fields, each by its initialiser, from whichever text
 *     maker   class extends stem { constructor() { ... } }    the newest constructor; without one the stem constructs
 *
 * A constructor whose parameters are properties sets these before the initialisers run: its stem
 * only declares.
 */

import { SnaxError } from "../../base/error.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { replacementOf } from "../../loader/weave/class-weave.ts";
import type { ConstructionChange } from "../text/class-change.ts";
import type { AnyClass } from "./class-graft.ts";
import { propertyText } from "../text/class-rules.ts";
import type { RunningText } from "../text/running-class.ts";
import type { UndoLog } from "./undo-log.ts";

/** One field of a class. */
export interface Field {
  readonly key: PropertyKey;
  /** Undefined for one without an initialiser. */
  readonly initialise: Method | undefined;
}

type Method = (this: object) => unknown;

/** A field whose initialiser a class has as a method. */
interface Note {
  readonly key: PropertyKey;
  readonly at: symbol;
}

/**
 * What a woven class of a patch, or the text of a running one, calls while it is evaluated: see
 * class-parts-weave.ts.
 */
export class ClassParts {
  /** The running class. */
  readonly live: AnyClass;
  readonly #fields: Note[] = [];
  readonly #statics: Note[] = [];

  constructor(live: AnyClass) {
    this.live = live;
  }

  /** The class that the running one extends, whatever expression gave it. */
  get parent(): unknown {
    const parent: unknown = Reflect.getPrototypeOf(this.live);
    return parent === Function.prototype ? Object : parent;
  }

  /** Returns the key for the initialiser of a field. */
  field(key: unknown): symbol {
    return note(this.#fields, key);
  }

  /** Returns the key for the initialiser of a static field. */
  static(key: unknown): symbol {
    return note(this.#statics, key);
  }

  /** Returns the key of a field by its number. */
  keyOf(index: number, isStatic: boolean): PropertyKey {
    return (isStatic ? this.#statics : this.#fields)[index]?.key ?? "";
  }

  /** Runs the initialisers of an instance whose constructor has set its properties. */
  initialise(instance: object): void {
    const { fields, maker } = constructions.get(this.live) ?? { fields: [], maker: undefined };
    for (const { key, initialise } of fields) {
      if (initialise === undefined || maker?.properties.includes(String(key)) === true) continue;
      Reflect.set(instance, key, initialise.call(instance));
    }
  }

  /** Takes the initialisers from a class that was made. */
  takeFields(from: AnyClass): Field[] {
    return take(this.#fields, from.prototype);
  }

  /** Takes the initialisers of static fields from a class that was made. */
  takeStatics(from: AnyClass): Field[] {
    return take(this.#statics, from);
  }
}

function note(notes: Note[], given: unknown): symbol {
  const key = typeof given === "symbol" ? given : String(given);
  const at = Symbol(String(key));
  notes.push({ key, at });
  return at;
}

function take(notes: Note[], holder: object): Field[] {
  return notes.map(({ key, at }) => {
    const initialise = Reflect.get(holder, at) as Method;
    Reflect.deleteProperty(holder, at);
    return { key, initialise };
  });
}

/** What makes the instances of a class. */
interface Construction {
  /** Without those that are properties of the constructor. */
  readonly fields: readonly Field[];
  /**
   * The class with the constructor, and the names of its properties; undefined if the class has
   * none.
   */
  readonly maker: { readonly class: AnyClass; readonly properties: readonly string[] } | undefined;
  stem: AnyClass | undefined;
}

/**
 * The fields whose arrow functions hand their calls to those of a patch, by class and name: who
 * puts the class together anew gives instances these.
 */
const followed = new WeakMap<AnyClass, ReadonlyMap<PropertyKey, Field>>();

/** Notes such fields. */
export function noteFollowed(live: AnyClass, fields: readonly Field[], log: UndoLog): void {
  const before = followed.get(live) ?? new Map<PropertyKey, Field>();
  log.note(() => followed.set(live, before));
  followed.set(live, new Map([...before, ...fields.map((field) => [field.key, field] as const)]));
}

/** Whether a patch has put the class together anew, so that instances may be made of another text. */
export function isReconstructed(live: AnyClass): boolean {
  return constructions.has(live);
}

/** By running class; the classes that no patch has reconstructed are not in it. */
const constructions = new WeakMap<AnyClass, Construction>();

/** A running class under a patch. */
export interface PatchedClass {
  readonly name: string;
  readonly live: AnyClass;
  /** Takes the patch back. */
  readonly log: UndoLog;
}

/** What a patch gives to the construction of a class. */
export interface GivenParts {
  /** The class of the patch, which has the constructor if it gives one. */
  readonly patch: AnyClass;
  readonly fields: readonly Field[];
  readonly change: ConstructionChange;
}

/**
 * Puts fields and constructor of a patch together with those of the running class; later instances
 * are made like that.
 */
export function reconstruct(
  module: ModuleInstance,
  { name, live, log }: PatchedClass,
  { patch, fields, change }: GivenParts,
): void {
  const before = constructions.get(live) ?? takeApart(module, live, change.running);
  const variable = replacementOf(name);
  const replacement = module.read(variable);
  const { hasMaker, properties } = change;
  if (!hasMaker) checkProperties(name, before.maker?.properties ?? [], fields);
  const maker = hasMaker ? { class: patch, properties } : before.maker;
  const after = { fields: merge(before.fields, fields), maker, stem: undefined };
  const { isDerived } = change.running;
  log.note(() => {
    if (replacement !== undefined) settle(name, live, before, isDerived);
    constructions.set(live, before);
    module.write(variable, replacement);
  });
  const constructing = settle(name, live, after, isDerived);
  constructions.set(live, after);
  module.write(variable, constructing);
}

/** Says whether instances have a field by what patches have given so far. */
export function hasPatchedField(live: AnyClass, name: string): boolean {
  const { fields, maker } = constructions.get(live) ?? { fields: [], maker: undefined };
  if (maker?.properties.includes(name) === true) return true;
  return fields.some(({ key, initialise }) => key === name && initialise !== undefined);
}

/** The constructor may have come with an earlier patch. */
function checkProperties(
  name: string,
  properties: readonly string[],
  fields: readonly Field[],
): void {
  const twice = fields.find(({ key }) => properties.includes(String(key)));
  if (twice === undefined) return;
  throw new SnaxError("ERR_PATCH_CLASS", `class ${name}: ${propertyText(String(twice.key))}`);
}

/**
 * Evaluates what the text of the running class says; nothing else has constructed its instances so
 * far.
 */
function takeApart(
  module: ModuleInstance,
  live: AnyClass,
  { text, isOwn, hasMaker, properties }: RunningText,
): Construction {
  if (text === undefined) return { fields: [], maker: undefined, stem: undefined };
  const make = isOwn ? module.evaluateOwn(text) : module.evaluate(text);
  const parts = new ClassParts(live);
  const running = (make as (parts: ClassParts) => AnyClass)(parts);
  const fields = merge(parts.takeFields(running), [...(followed.get(live)?.values() ?? [])]);
  return {
    fields,
    maker: hasMaker ? { class: running, properties } : undefined,
    stem: undefined,
  };
}

/** A field that is there is replaced where it is; new ones follow. */
function merge(before: readonly Field[], given: readonly Field[]): Field[] {
  const byKey = new Map(before.map((field) => [field.key, field]));
  for (const field of given) byKey.set(field.key, field);
  return [...byKey.values()];
}

/** Makes the stem, puts the maker upon it, and returns the class that constructs. */
function settle(
  name: string,
  live: AnyClass,
  construction: Construction,
  isDerived: boolean,
): AnyClass {
  construction.stem ??= makeStem(name, live, construction, isDerived);
  const { stem, maker } = construction;
  if (maker === undefined) return stem;
  Reflect.setPrototypeOf(maker.class, stem);
  Reflect.setPrototypeOf(maker.class.prototype, Reflect.getPrototypeOf(live.prototype));
  return maker.class;
}

/**
 * The field of a stem is written by its name, so that V8 makes instances of it as fast as of any
 * class.
 */
function makeStem(
  name: string,
  live: AnyClass,
  { fields, maker }: Construction,
  isDerived: boolean,
): AnyClass {
  const properties = maker?.properties ?? [];
  const rest = fields.filter(({ key }) => !properties.includes(String(key)));
  const all: Field[] = [...properties.map((key) => ({ key, initialise: undefined })), ...rest];
  const isLate = properties.length > 0;
  const members = all.map(({ key, initialise }, index) => {
    const isPlain = typeof key === "string" && key !== "constructor";
    const written = isPlain ? JSON.stringify(key) : `[$snaxK[${index}].key]`;
    const value =
      initialise === undefined || isLate ? "" : `=$snaxK[${index}].initialise.call(this)`;
    return `${written}${value};`;
  });
  const head = isDerived ? " extends $snaxB" : "";
  const text = `return{[$snaxN]:class${head}{${members.join("")}}}[$snaxN]`;
  const parent: unknown = Reflect.getPrototypeOf(live);
  return new Function("$snaxB", "$snaxK", "$snaxN", text)(parent, all, name) as AnyClass;
}
