/**
 * The check of a patch: the errors that a compiler reports with the patch in its place, and
 * does not report without it.
 *
 *     running texts over the files         -> what is wrong already, file by file (kept for
 * the next check)
 *     merge(running, patch) over them      -> errors in the patch; new ones in the module and
 * in those that import it
 *
 * All errors of the patch's own lines are told, new or not: the author of a text answers for it.
 */

import { codeOf } from "../base/error.ts";
import { CHECK_CALLERS_MAX, CHECK_ERRORS_MAX, CHECK_TEXT_MAX } from "../base/limits.ts";
import { Lines } from "../loader/text/position.ts";
import { readPatchPieces } from "../texts/merge.ts";
import type { ModuleText } from "../texts/module-text.ts";
import { readModuleText } from "../texts/module-text.ts";
import { CheckedText } from "./checked-text.ts";
import type { Compiler, Diagnostic } from "./compiler.ts";
import type { ProjectFiles } from "./project-files.ts";
import type { CheckAnswer, CheckError, CheckPatch, CheckQuestion } from "./question.ts";

/** A patch with the text that a compiler is given. */
interface Given {
  readonly patch: CheckPatch;
  readonly module: ModuleText;
  readonly checked: CheckedText;
}

/**
 * What is about names without a use, and about missing types of exports: a patch need not
 * be tidy.
 */
function isBesideThePoint(code: number): boolean {
  if (IDLE_CODES.has(code)) return true;
  return (code >= 4000 && code <= 4110) || (code >= 9005 && code <= 9039);
}

const IDLE_CODES: ReadonlySet<number> = new Set([
  ...[6133, 6138, 6192, 6196, 6198, 6199, 6205, 7027, 7028],
  // snax imports files by their endings, whatever the options say.
  ...[2691, 5097],
]);

/** Types in JavaScript: the patch is TypeScript in any case. */
function isForScripts(code: number): boolean {
  return code >= 8002 && code <= 8039;
}

/** The checks of one project, and what is known from one to the next. */
export class PatchCheck {
  readonly #compiler: Compiler;
  readonly #files: ProjectFiles;
  /** What is wrong without a patch, for the texts that run by now. */
  readonly #before = new Map<string, readonly Diagnostic[]>();
  /** The modules that were patched last, taken apart. */
  #modules = new Map<string, ModuleText>();
  /** The texts of which {@link PatchCheck.#before} tells. */
  #texts: ReadonlyMap<string, string> = new Map();

  constructor(compiler: Compiler, files: ProjectFiles) {
    this.#compiler = compiler;
    this.#files = files;
  }

  /** @throws what ends the compiler. */
  async run(question: CheckQuestion): Promise<CheckAnswer> {
    const given: Given[] = [];
    const compiler = this.#compiler.title;
    const modules = new Map<string, ModuleText>();
    for (const patch of question.patches) {
      const own = this.#readModule(question, patch);
      if ("kind" in own) return own;
      modules.set(patch.file, own);
      const read = readGiven(own, patch, compiler);
      if ("kind" in read) return read;
      given.push(read);
    }
    this.#modules = modules;
    const sources = listSources(question);
    const changed = this.#files.look().filter((file) => !sources.has(file));
    const running = new Map(question.running.map(({ file, text }) => [file, text]));
    for (const { file, text } of question.modules) running.set(file, text);
    const targets = given.map(({ patch }) => patch.file);
    const importers = this.#files.importersOf(targets, running);
    const callers = importers.slice(0, CHECK_CALLERS_MAX);
    const texts = new Map<string, string>();
    for (const file of [...targets, ...callers]) {
      texts.set(file, running.get(file) ?? this.#files.textOf(file) ?? "");
    }
    // A patch that is in the project is no module of it: what it declares would count for all.
    for (const file of sources) if (this.#files.has(file)) texts.set(file, "export {};\n");
    // Texts that run as they are on disk are found there.
    for (const [file, text] of running)
      if (this.#files.textOf(file) !== text) texts.set(file, text);
    const before = await this.#baseline(texts, changed, [...targets, ...callers]);

    const merged = new Map(texts);
    for (const { patch, checked } of given) merged.set(patch.file, checked.text);
    this.#compiler.lay(merged, []);
    const errors: CheckError[] = [];
    const gaps: string[] = [];
    let isAnyChecked = callers.length > 0;
    for (const each of given) {
      const { isChecked, found } = this.#sort(
        each,
        await this.#compiler.diagnose(each.patch.file),
        before.get(each.patch.file) ?? [],
      );
      if (isChecked) isAnyChecked = true;
      else gaps.push(unseen(each.patch.file));
      errors.push(...found);
    }
    if (!isAnyChecked) return { kind: "unchecked", why: gaps.join("; ") };
    for (const file of callers) {
      const found = await this.#compiler.diagnose(file);
      const lines = new Lines(texts.get(file) ?? "");
      for (const each of listNew(found, before.get(file) ?? [])) {
        const where = running.has(file) ? "running" : "other";
        errors.push(errorAt(where, file, lines, each, each.start));
      }
    }
    if (importers.length > callers.length) gaps.push(tooMany(importers.length));
    if (this.#files.isCut) gaps.push("files of the project beyond CHECK_FILES_MAX");
    const rank = { patch: 0, running: 1, other: 2 };
    errors.sort((a, b) => rank[a.where] - rank[b.where] || a.line - b.line || a.column - b.column);
    const more = Math.max(0, errors.length - CHECK_ERRORS_MAX);
    return { kind: "checked", compiler, errors: errors.slice(0, CHECK_ERRORS_MAX), more, gaps };
  }

  /** What is wrong already; asked once for the same texts. */
  async #baseline(
    texts: ReadonlyMap<string, string>,
    changed: readonly string[],
    files: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Diagnostic[]>> {
    const isSame =
      changed.length === 0 &&
      texts.size === this.#texts.size &&
      [...texts].every(([file, text]) => this.#texts.get(file) === text);
    if (!isSame) this.#before.clear();
    this.#texts = texts;
    const missing = files.filter((file) => !this.#before.has(file));
    if (missing.length > 0 || changed.length > 0) this.#compiler.lay(texts, changed);
    for (const file of missing) this.#before.set(file, await this.#compiler.diagnose(file));
    return this.#before;
  }

  /** Takes the module of a patch apart, unless that is done. */
  #readModule(question: CheckQuestion, { file }: CheckPatch): ModuleText | CheckAnswer {
    const own = question.modules.find((each) => each.file === file);
    if (own === undefined) return { kind: "unchecked", why: `${file} is no module that runs` };
    const { text, isService } = own;
    const known = this.#modules.get(file);
    if (known?.text === text && known.isService === isService) return known;
    try {
      return readModuleText(text, file, { isService });
    } catch (error) {
      return { kind: "unchecked", why: messageOf(error) };
    }
  }

  /** Takes the errors of a module apart: those of the patch, and new ones of the running code. */
  #sort(
    { patch, module, checked }: Given,
    diagnostics: readonly Diagnostic[],
    before: readonly Diagnostic[],
  ): { readonly isChecked: boolean; readonly found: readonly CheckError[] } {
    const patchLines = new Lines(patch.text);
    const runningLines = new Lines(module.text);
    const found: CheckError[] = [];
    const inRunning: Diagnostic[] = [];
    let isChecked = false;
    for (const each of diagnostics) {
      const { origin, offset } = checked.locate(each.start);
      if (origin === "probe") isChecked = true;
      else if (origin === "running") inRunning.push({ ...each, start: offset });
      else if (!isBesideThePoint(each.code) && !isForScripts(each.code)) {
        const text =
          origin === "declared"
            ? `declared otherwise than the service has it: ${each.text}`
            : each.text;
        found.push(errorAt("patch", patch.shown, patchLines, { ...each, text }, offset));
      }
    }
    for (const each of listNew(inRunning, before)) {
      found.push(errorAt("running", patch.file, runningLines, each, each.start));
    }
    return { isChecked, found };
  }
}

/** Puts a patch into the module; says what is in the way if that can't be done. */
function readGiven(module: ModuleText, patch: CheckPatch, compiler: string): Given | CheckAnswer {
  const { file, text, shown } = patch;
  try {
    const pieces = readPatchPieces(text, file, module);
    return { patch, module, checked: new CheckedText(module, pieces) };
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ERR_SYNTAX") return { kind: "unchecked", why: messageOf(error) };
    const { line = 0, column = 0 } = ((error as { data?: unknown }).data ??
      {}) as Partial<CheckError>;
    const why = messageOf(error).replace(/^\S.*?:\d+:\d+: /, "");
    const found: CheckError = { where: "patch", file: shown, line, column, code, text: why };
    return { kind: "checked", compiler, errors: [found], more: 0, gaps: [] };
  }
}

/** The files that patches are in, except those that run. */
function listSources({ patches, modules, running }: CheckQuestion): Set<string> {
  const sources = new Set(patches.flatMap(({ source = [] }) => source));
  for (const { file } of [...modules, ...running]) sources.delete(file);
  return sources;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Lists the errors that were not there before; a place is no mark, for lines move. */
function listNew(now: readonly Diagnostic[], before: readonly Diagnostic[]): Diagnostic[] {
  const known = new Map<string, number>();
  const keyOf = ({ code, text }: Diagnostic): string => `${code} ${text}`;
  for (const each of before) known.set(keyOf(each), (known.get(keyOf(each)) ?? 0) + 1);
  return now.filter((each) => {
    if (isBesideThePoint(each.code)) return false;
    const left = known.get(keyOf(each)) ?? 0;
    known.set(keyOf(each), left - 1);
    return left <= 0;
  });
}

// oxlint-disable-next-line max-params -- what, and where
function errorAt(
  where: CheckError["where"],
  file: string,
  lines: Lines,
  { code, text }: Diagnostic,
  offset: number,
): CheckError {
  const isLong = text.length > CHECK_TEXT_MAX;
  const shown = isLong ? `${text.slice(0, CHECK_TEXT_MAX)} ...` : text;
  return { where, file, ...lines.locate(offset), code: `TS${code}`, text: shown };
}

function unseen(file: string): string {
  return /\.[cm]?jsx?$/.test(file)
    ? `${file} is JavaScript, which the project's tsconfig.json does not have checked (checkJs)`
    : `the compiler does not check ${file}: it begins with @ts-nocheck, or its tsconfig.json has it ignored`;
}

function tooMany(count: number): string {
  return `${count - CHECK_CALLERS_MAX} of ${count} files that import it (CHECK_CALLERS_MAX)`;
}
