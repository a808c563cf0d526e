/**
 * An image: one text of a file, ready to make instances of the module.
 *
 * The data of an image is plain, so that a thread can hand it to another one, with V8's cached
 * code. The function that makes instances is compiled at first use on each thread. A line of the
 * script is the line of the file, and so is the column unless an insertion is in front of it;
 * then the image carries the way back (see `stack.ts`).
 */

import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { pathToFileURL } from "node:url";
import { OWN_FUNCTIONS_MAX } from "../../base/limits.ts";
import type { LineShifts } from "../text/edits.ts";
import type { Fold } from "../text/fold.ts";
import { enclose } from "./frame.ts";
import type { Entry, Frame } from "./frame.ts";
import type { CheckableMethod } from "./method-check.ts";
import type { BeginUses } from "../read/begin-uses.ts";
import type { Name } from "../read/names.ts";
import { createPlacedError } from "../text/position.ts";
import type { Place } from "../text/position.ts";
import { isStar } from "../read/record.ts";
import type { ExportEntry, ImportEntry, ModuleRequest } from "../read/record.ts";
import { mapStacks, noteLines } from "../text/stack.ts";

/** Everything about an image that another thread needs; can be sent. */
export interface ImageData {
  /** Real path of the file. */
  readonly file: string;
  /** The text of the file, or the one that patches made of it. */
  readonly text: string;
  /** How patches made it; undefined if it is that of the file. */
  readonly fold?: Fold | undefined;
  /** The woven body. */
  readonly body: string;
  /** What is around it. */
  readonly frame: Frame;
  /** Whether the module begins with `"use shared"`. */
  readonly isShared: boolean;
  /** Whether there is an `await` at top level. */
  readonly isAsync: boolean;
  /** Whether a class is written anywhere in the text. */
  readonly hasClasses: boolean;
  /** How many functions of the text return one that is written on the spot. */
  readonly makerCount: number;
  readonly names: ReadonlyMap<string, Name>;
  readonly requests: readonly ModuleRequest[];
  readonly imports: readonly ImportEntry[];
  readonly exports: readonly ExportEntry[];
  /** Names of the variables that the runtime reaches by number: imports first, functions last. */
  readonly cells: readonly string[];
  readonly functionCount: number;
  /** Cells of the functions that are behind a forwarder from the start. */
  readonly forwarded: readonly number[];
  /**
   * Uses that need a forwarder: `name` if the variable is taken as a value, `name()` if a member of
   * it is read or called, `name.member` if that member is taken as a value.
   */
  readonly values: ReadonlySet<string>;
  /** The exported variables that are assigned after their declaration. */
  readonly assigned: ReadonlySet<string>;
  /** Globals that the module mentions, injected ones included. */
  readonly freeNames: ReadonlySet<string>;
  /** Assignments to members of `globalThis`. */
  readonly globalWrites: readonly { readonly name: string; readonly place: Place }[];
  /** Variables that are referenced anywhere; an import that is not may be a type. */
  readonly referenced: ReadonlySet<string>;
  /** The methods that can get a check at their entry, and the variables of those that have one. */
  readonly methods: readonly CheckableMethod[];
  readonly checked: ReadonlySet<string>;
  /** Names of members, of any object, that the text reads without calling them. */
  readonly taken: ReadonlySet<string>;
  /** What the top level makes of the module's names when it begins. */
  readonly begins: BeginUses;
  /** Insertions by line, for stacks; undefined if none moves code. */
  readonly shifts: ReadonlyMap<number, LineShifts> | undefined;
  /** Source map (JSON) of the transform, for files with enums and the like. */
  readonly map: string | undefined;
  /** Source map (JSON) for debuggers; undefined if positions are true without. */
  readonly inspectorMap: string | undefined;
  /** Whether the compiler of the user's project has made the JavaScript. */
  readonly isTransformed: boolean;
  /**
   * V8's cached code, by how the module is entered: each way has a script of its own, and V8 itself
   * tells two scripts of one length not apart.
   */
  readonly cachedData?: ReadonlyMap<string, Uint8Array>;
}

/**
 * The function that makes one instance of a module; what it is given is the instance
 * (module-instance.ts).
 */
export type Factory = (module: object) => unknown;

/** One text of a file, ready to run. */
export class Image {
  readonly data: ImageData;
  /** The file URL that stacks and debuggers show. */
  readonly url: string;
  /** What V8 calls the script: a text that patches made has lines of its own. */
  readonly scriptUrl: string;
  readonly #scripts = new Map<string, Script>();
  readonly #factories = new Map<string, Factory>();
  #cells: ReadonlyMap<string, number> | undefined;
  #stars: readonly ExportEntry[] | undefined;
  #exportsByName: ReadonlyMap<string, ExportEntry> | undefined;
  /** How the module was entered on this thread. */
  readonly #entered = new Set<string>();
  /** How many instances run functions of their own. */
  #owners = 0;

  constructor(data: ImageData) {
    this.data = data;
    this.url = pathToFileURL(data.file).href;
    this.scriptUrl =
      data.fold === undefined ? this.url : `${this.url}?patched=${shortHash(data.text)}`;
  }

  /** Real path of the file. */
  get file(): string {
    return this.data.file;
  }

  /** The text of the file, or the one that patches made of it. */
  get text(): string {
    return this.data.text;
  }

  /** The names that the module declares at top level, imports first. */
  get names(): ReadonlyMap<string, Name> {
    return this.data.names;
  }

  /** What the module exports, in the order of the text. */
  get exports(): readonly ExportEntry[] {
    return this.data.exports;
  }

  /** Returns what is exported under a name, apart from what is behind `export *`. */
  exportOf(name: string): ExportEntry | undefined {
    this.#exportsByName ??= new Map(
      this.data.exports.flatMap((entry) => (isStar(entry) ? [] : [[entry.name, entry]])),
    );
    return this.#exportsByName.get(name);
  }

  /** The exports that stand for all names of another module. */
  get stars(): readonly ExportEntry[] {
    return (this.#stars ??= this.data.exports.filter(isStar));
  }

  /** Returns the cell of a variable, or undefined if the runtime reaches it by name only. */
  cellOf(name: string): number | undefined {
    this.#cells ??= new Map(this.data.cells.map((each, index) => [each, index]));
    return this.#cells.get(name);
  }

  /** The globals that the module mentions, injected ones included. */
  get freeNames(): ReadonlySet<string> {
    return this.data.freeNames;
  }

  /**
   * Returns the function that makes instances. Their functions share what V8 learns about them.
   *
   * @param entry - how the module is entered: "async" if it awaits at top level, by a plan if it
   * belongs to a cycle.
   * @throws {ERR_SYNTAX} if this release of V8 does not know the syntax.
   */
  factory(entry: Entry): Factory {
    const key = keyOf(entry);
    let factory = this.#factories.get(key);
    if (factory === undefined) {
      this.#factories.set(key, (factory = run(this.#script(entry))));
      this.#entered.add(key);
    }
    return factory;
  }

  /**
   * Returns a function that makes one instance whose functions share nothing with those of others,
   * so that V8 sees one set of classes in them. The receiver gives the place back when the instance
   * ends: {@link Image.releaseOwn}.
   *
   * @param entry - as for {@link Image.factory}.
   * @returns undefined if {@link OWN_FUNCTIONS_MAX} instances have functions of their own.
   * @throws {ERR_SYNTAX} if this release of V8 does not know the syntax.
   */
  takeOwn(entry: Entry): Factory | undefined {
    if (this.#owners >= OWN_FUNCTIONS_MAX) return undefined;
    // Only another run of the script makes V8 learn anew; it compiles nothing again.
    const factory = run(this.#script(entry));
    this.#owners += 1;
    this.#entered.add(keyOf(entry));
    return factory;
  }

  /**
   * Has V8 compile the module's function, for its cached code. No line of the module runs: the
   * first thing that the function does is to ask what it is given, and here that is nothing.
   */
  warm(): void {
    const make = this.factory(this.#usualEntry) as (nothing?: object) => unknown;
    try {
      const result = make();
      // It has been compiled by now.
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // As above.
    }
  }

  /** Hears that an instance with functions of its own has ended. */
  releaseOwn(): void {
    this.#owners -= 1;
  }

  /**
   * Returns the data with V8's cached code, for other threads.
   *
   * @throws {ERR_SYNTAX} if this release of V8 does not know the syntax.
   */
  toData(): ImageData {
    if (this.data.cachedData !== undefined && !this.hasNewCode) return this.data;
    if (!this.isEntered) this.#script(this.#usualEntry);
    const keys = this.isEntered ? this.#entered : [keyOf(this.#usualEntry)];
    const codes = [...keys].map((key): [string, Uint8Array] => [key, this.#codeOf(key)]);
    return { ...this.data, cachedData: new Map(codes) };
  }

  #codeOf(key: string): Uint8Array {
    const script = this.#scripts.get(key) as Script;
    return this.data.cachedData?.get(key) ?? script.createCachedData();
  }

  /** Whether an instance was made on this thread. */
  get isEntered(): boolean {
    return this.#entered.size > 0;
  }

  /** Whether the module was entered in a way of which V8's cached code is not in the data. */
  get hasNewCode(): boolean {
    return [...this.#entered].some((key) => this.data.cachedData?.has(key) !== true);
  }

  /** How a module is entered that is in no cycle. */
  get #usualEntry(): Entry {
    return this.data.isAsync ? "async" : "sync";
  }

  #script(entry: Entry): Script {
    const key = keyOf(entry);
    let script = this.#scripts.get(key);
    if (script === undefined) this.#scripts.set(key, (script = this.#compile(entry)));
    return script;
  }

  #compile(entry: Entry): Script {
    const { body, inspectorMap, shifts, map, fold } = this.data;
    const cachedData = this.data.cachedData?.get(keyOf(entry));
    const { prefix, suffix } = enclose(this.data, entry);
    noteLines(this.url, fold?.sources[0]?.text ?? this.data.text);
    const base64 = inspectorMap === undefined ? "" : Buffer.from(inspectorMap).toString("base64");
    const mapUrl = base64 === "" ? "" : `${MAP_URL}${base64}`;
    const options = {
      filename: this.scriptUrl,
      columnOffset: -prefix.length,
      ...(cachedData !== undefined && { cachedData: Buffer.from(cachedData) }),
    };
    const text = `${prefix}${body}${suffix}${mapUrl}`;
    if (shifts !== undefined || map !== undefined || fold !== undefined)
      mapStacks(this.scriptUrl, this.data, text);
    try {
      return new Script(text, options);
    } catch (error) {
      throw this.#refuse(error);
    }
  }

  /**
   * V8 knows less than the parser on older releases of Node; its message says the line in the
   * stack's head.
   */
  #refuse(error: unknown): unknown {
    if (!(error instanceof SyntaxError)) return error;
    const line = Number(/^.*:(\d+)\n/.exec(error.stack ?? "")?.[1] ?? 1);
    const caret = /^( *)\^/m.exec(error.stack ?? "");
    const place = { file: this.file, line, column: (caret?.[1]?.length ?? 0) + 1 };
    return createPlacedError("ERR_SYNTAX", place, error.message, error);
  }
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Names the text of a script. */
function keyOf(entry: Entry): string {
  return typeof entry === "string" ? entry : entry.key;
}

const MAP_URL = "\n//# sourceMappingURL=data:application/json;base64,";

function run(script: Script): Factory {
  return script.runInThisContext() as Factory;
}
