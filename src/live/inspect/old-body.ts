/**
 * Whether a function that is suspended runs a body from before a patch.
 *
 *     frame of a stack -> its script -> which text of the module's history that is -> the body at its place
 *                                    -> older than the patch, and the patch replaces that body: old
 *
 * A text is parsed when the first frame is in it. One that can't be parsed, since it needs the compiler of its project,
 * is judged by the name that the frame has.
 */

import { Lines } from "../../loader/text/position.ts";
import type { Position } from "../../loader/text/position.ts";
import type { Context } from "../../service/context.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import { bodyAt, Replaced } from "../../texts/body.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import { readPatchPieces } from "../../texts/merge.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import { readModuleText } from "../../texts/module-text.ts";
import { hashOf } from "../text/compile.ts";
import { textOf } from "../text/patched-module.ts";
import type { TaskStack } from "./task-stack.ts";

/** A body from before a patch that a handler still runs. */
export interface OldBody {
  /** As the text calls it: `price`, `response.buy`, `Till.open`. */
  readonly body: string;
  readonly file: string;
  readonly line: number;
  /** The hash of the patch that gave it; undefined for the text of the file. */
  readonly patch: string | undefined;
}

/** The histories of one look at a thread: services that run the same share them. */
export class Histories {
  /** The texts of the patch, of all its modules. */
  readonly #texts: ReadonlySet<string>;
  readonly #known = new Map<EffectiveText, History | undefined>();

  constructor(texts: ReadonlySet<string>) {
    this.#texts = texts;
  }

  /** Returns the histories of the modules of a service that have the patch; none if it has not had it. */
  of({ code, kind }: Context): readonly History[] {
    if (code === undefined) return [];
    const { program } = code;
    return [...program.modules()].flatMap((node) => {
      const module = code.find(node);
      if (module === undefined) return [];
      const isService = kind === SNAX_KIND && node === program.entry;
      return this.#historyOf(textOf(module, isService), node.image.url) ?? [];
    });
  }

  #historyOf(text: EffectiveText, url: string): History | undefined {
    if (this.#known.has(text)) return this.#known.get(text);
    const { patches, base } = text;
    const at = patches.findLastIndex((patch) => this.#texts.has(patch));
    const history = at < 0 ? undefined : new History({ url, base, home: text.home }, patches, at);
    this.#known.set(text, history);
    return history;
  }
}

/** Finds the innermost function of a stack whose body is from before the patch. */
export function findOldBody(histories: readonly History[], stack: TaskStack): OldBody | undefined {
  for (const line of stack) {
    const frame = readFrame(line);
    if (frame === undefined) continue;
    for (const history of histories) {
      const old = history.judge(frame);
      if (old !== undefined) return old;
    }
  }
  return undefined;
}

/** A function that is suspended. */
interface Frame extends Position {
  readonly url: string;
  /** What V8 calls the function; empty if it has no name. */
  readonly name: string;
}

const FRAME = /^at (?:async )?(?:(.*?) \()?((?:file:|snax-patch:).*):(\d+):(\d+)\)?$/;

/** Reads a line of a stack; undefined if it is in no text of services. */
function readFrame(text: string): Frame | undefined {
  const [, name = "", url = "", line, column] = FRAME.exec(text) ?? [];
  return url === "" ? undefined : { url, name, line: Number(line), column: Number(column) };
}

/** The file that a module was made of. */
interface Root extends Pick<EffectiveText, "home"> {
  readonly url: string;
  readonly base: string;
}

/** A text of a history, taken apart; undefined pieces if that can't be done. */
interface Stage {
  readonly pieces: ModuleText | undefined;
  readonly lines: Lines;
}

/** The texts of one module, up to the patch. */
export class History {
  readonly #root: Root;
  /** The patches of the module, the oldest first. */
  readonly #patches: readonly string[];
  /** Which of them is asked about. */
  readonly #at: number;
  readonly #stages = new Map<number, Stage>();
  #replaced: Replaced | undefined;

  constructor(root: Root, patches: readonly string[], at: number) {
    this.#root = root;
    this.#patches = patches;
    this.#at = at;
  }

  /** Says whether a frame is in a body that the patch replaced. */
  judge(frame: Frame): OldBody | undefined {
    const at = this.#find(frame.url);
    if (at === undefined || at >= this.#at) return undefined;
    const { file } = this.#root.home;
    const { pieces, lines } = this.#stageOf(at);
    const replaced = this.#replacement();
    const text = this.#patches[at];
    const patch = text === undefined ? undefined : hashOf(text);
    const found = { file, line: frame.line, patch };
    if (pieces === undefined) {
      return replaced.hasFunction(frame.name) ? { ...found, body: frame.name } : undefined;
    }
    const body = bodyAt(pieces, lines.offsetOf(frame));
    return body !== undefined && replaced.has(body, pieces) ? { ...found, body } : undefined;
  }

  /** Which text a script is: -1 for the file's, else the number of the patch; the last one if it came twice. */
  #find(url: string): number | undefined {
    if (url === this.#root.url) return -1;
    const [, hash] = /^snax-patch:([0-9a-f]+)\//.exec(url) ?? [];
    const at = this.#patches.findLastIndex((text) => hashOf(text) === hash);
    return at < 0 ? undefined : at;
  }

  #stageOf(at: number): Stage {
    const known = this.#stages.get(at);
    if (known !== undefined) return known;
    const { base } = this.#root;
    const pieces = attempt(() => (at < 0 ? this.#read() : this.#readPatch(at)));
    const stage = { pieces, lines: new Lines(at < 0 ? base : (this.#patches[at] ?? "")) };
    this.#stages.set(at, stage);
    return stage;
  }

  #replacement(): Replaced {
    this.#replaced ??= new Replaced(this.#readPatch(this.#at));
    return this.#replaced;
  }

  #read(): ModuleText {
    const { base, home } = this.#root;
    return readModuleText(base, home.file, { isService: home.isService });
  }

  /** Only the names of the module matter, of which a text that can't be taken apart tells none. */
  #readPatch(at: number): ReturnType<typeof readPatchPieces> {
    const { home } = this.#root;
    const { isService } = home;
    const module = attempt(() => this.#read()) ?? readModuleText("", home.file, { isService });
    return readPatchPieces(this.#patches[at] ?? "", home.file, module);
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Told by the names of frames then.
    return undefined;
  }
}
