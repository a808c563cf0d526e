/**
 * The text that a module would have with a patch, made for a compiler: with the patch's
 * steps, with a test of each type that the patch declares, and with a mistake that the
 * compiler has to find.
 *
 *     merged text | function $snaxCheck0() { const $declared: TYPE = NAME; } | void (0).$snaxProbe;
 *
 * Where the mistake is not reported, the compiler has not checked the file at all: it is
 * JavaScript, or a comment says so.
 */

import type { ModuleText } from "../texts/module-text.ts";
import type { PatchPieces } from "../texts/merge.ts";
import { mergeInto } from "../texts/merge.ts";
import type { Merged } from "../texts/merged.ts";

/** A place of a checked text. */
export interface CheckedPlace {
  /** `declared`: a `declare` of the patch against what it names; `probe`: the mistake. */
  readonly origin: "running" | "patch" | "declared" | "probe";
  /** In the running text or the patch. */
  readonly offset: number;
}

/** A part behind the merged text. */
interface TailPart {
  readonly start: number;
  readonly end: number;
  readonly origin: CheckedPlace["origin"];
  readonly offset: number;
}

/** A name that a patch only declares. */
interface Declared {
  readonly name: string;
  /** What is behind the name: a type, or the rest of a signature. */
  readonly type: string;
  /** Offset in the patch of the name, and of the type. */
  readonly nameAt: number;
  readonly typeAt: number;
}

const PROBE = "\n;void (0).$snaxProbe;\n";

/** A text for the compiler, with the way back. */
export class CheckedText {
  readonly text: string;
  readonly #merged: Merged;
  readonly #tail: TailPart[] = [];

  /** @throws {ERR_PATCH} if no text can say what the patch does. */
  constructor(module: ModuleText, patch: PatchPieces) {
    this.#merged = mergeInto(module, patch, { keepsSteps: true });
    let { text } = this.#merged;
    const add = (part: string, origin: CheckedPlace["origin"], offset = 0): void => {
      const start = text.length;
      text += part;
      this.#tail.push({ start, end: text.length, origin, offset });
    };
    const isScript = /\.[cm]?jsx?$/.test(module.file);
    const declared = isScript ? [] : listDeclared(patch);
    for (const [index, { name, type, nameAt, typeAt }] of declared.entries()) {
      if (!hasName(module, name) || patch.byName.has(name)) continue;
      add(`\n;function $snaxCheck${index}(): void { const $declared: `, "declared", nameAt);
      add(type, "patch", typeAt);
      add(` = ${name}; void $declared; }`, "declared", nameAt);
    }
    add(PROBE, "probe");
    this.text = text;
  }

  /** Says where an offset of the text comes from. */
  locate(offset: number): CheckedPlace {
    const merged = this.#merged;
    if (offset < merged.text.length) {
      const found = merged.locate(offset);
      const { origin } = found;
      return origin === "glue" ? this.#nearest(offset) : { origin, offset: found.offset };
    }
    const part = this.#tail.find(({ start, end }) => offset >= start && offset < end);
    if (part === undefined) return { origin: "probe", offset: 0 };
    const { origin, start } = part;
    const isExact = origin === "patch";
    return { origin, offset: isExact ? part.offset + (offset - start) : part.offset };
  }

  /** What is in neither text was put there for the next part of the patch. */
  #nearest(offset: number): CheckedPlace {
    const next = this.#merged.segments.find(
      ({ start, origin }) => start > offset && origin === "patch",
    );
    return { origin: "patch", offset: next?.from ?? 0 };
  }
}

function hasName({ byName, imports }: ModuleText, name: string): boolean {
  return byName.has(name) || imports.some(({ local, isUsed }) => local === name && isUsed);
}

/** `declare let a: A, b: B;`, `declare function f(n: number): string;` */
function listDeclared({ types, text }: PatchPieces): Declared[] {
  return types.flatMap(({ kind, start, end }) => {
    const own = text.slice(start, end);
    if (kind !== "declare" && kind !== "overload") return [];
    const head = /^declare\s+(?:(function|let|const|var)\s+)/.exec(own);
    if (head === null) return [];
    const rest = own.slice(head[0].length).replace(/;\s*$/, "");
    const from = start + head[0].length;
    if (head[1] === "function") return readSignature(rest, from);
    return splitList(rest).flatMap((part) => readType(part.text, from + part.at));
  });
}

function readType(text: string, at: number): Declared[] {
  const [head, name = ""] = /^\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*:\s*/u.exec(text) ?? [];
  if (head === undefined) return [];
  const nameAt = at + text.indexOf(name);
  return [{ name, type: text.slice(head.length), nameAt, typeAt: at + head.length }];
}

function readSignature(text: string, at: number): Declared[] {
  const [name] = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(text) ?? [];
  if (name === undefined) return [];
  const signature = text.slice(name.length);
  return [{ name, type: `{${signature}}`, nameAt: at, typeAt: at + name.length - 1 }];
}

const OPENING = "([{<";
const CLOSING = ")]}>";

/** Takes a list apart at the commas that are in no brackets; `=>` closes none. */
function splitList(text: string): { readonly text: string; readonly at: number }[] {
  const parts: { text: string; at: number }[] = [];
  let depth = 0;
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (OPENING.includes(character)) depth += 1;
    else if (CLOSING.includes(character) && text[index - 1] !== "=") depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push({ text: text.slice(at, index), at });
      at = index + 1;
    }
  }
  parts.push({ text: text.slice(at), at });
  return parts;
}
