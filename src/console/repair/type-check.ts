/**
 * The check of a patch's types as the console uses it: for the command `check`, and before a
 * `hotfix`.
 *
 *     what runs (source-texts.ts) and the texts of the patch -> Checker -> lines for the operator
 *
 * Each kind of service that runs other texts is checked by itself; what two of them have in
 * common is told once.
 */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { codeOf, SnaxError } from "../../base/error.ts";
import { CHECK_GROUPS_MAX, CONSOLE_ANSWER_MS } from "../../base/limits.ts";
import type { CheckAnswer, CheckError, CheckModule, CheckPatch } from "../../check/question.ts";
import type { RunningGroup, RunningModule } from "../../live/operate/running-texts.ts";
import { Tsconfigs } from "../../loader/resolve/tsconfig.ts";
import { findInstalled } from "../../loader/typescript/transform-tools.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Operator } from "../operator/operator.ts";
import { questionOf } from "./from-source.ts";
import type { HotfixTarget } from "./hotfix-words.ts";
import type { ScriptFile } from "../operator/script-file.ts";
import { readScript } from "../operator/script-file.ts";
import { askTexts, showPath } from "./source-texts.ts";

/** What a check has found. */
export interface TypeReport {
  readonly errors: readonly CheckError[];
  /** What was not looked at. */
  readonly gaps: readonly string[];
  /** For the operator: the errors, and what was not looked at. */
  readonly lines: readonly string[];
  /** How many errors there are. */
  readonly count: number;
  /** Why nothing was checked; undefined if something was. */
  readonly unchecked: string | undefined;
  /** Name and version of the compiler; "" if nothing was checked. */
  readonly compiler: string;
}

/** What is done about types: see `typecheck` of the configuration. */
type TypeMode = "off" | "warn" | "require";

/** Returns what the configuration says; undefined if it says nothing. */
function givenMode({ runtime }: Operator): TypeMode | undefined {
  return runtime.environment.get("typecheck") as TypeMode | undefined;
}

/** Says whether what runs has a `typescript` installed, and a `tsconfig.json`. */
export function hasTypes([group]: readonly RunningGroup[]): boolean {
  const [own] = group?.modules ?? [];
  if (own === undefined) return false;
  try {
    const config = new Tsconfigs().find(dirname(own.file))?.file;
    return config !== undefined && findInstalled(dirname(config), "typescript") !== undefined;
  } catch {
    // Its tsconfig.json can't be read: the check tells why.
    return true;
  }
}

/**
 * Checks the texts of a patch against what runs.
 *
 * @param parts - by module, as `hotfix` takes them; "" is the service's own file.
 * @throws {ERR_SERVICE_DEAD} or {ERR_NO_SERVICE} if there is nothing that could run it.
 */
export async function checkTypes(
  operator: Operator,
  target: HotfixTarget,
  parts: ReadonlyMap<string, ScriptFile>,
): Promise<TypeReport> {
  return await checkGroups(operator, target, { parts, groups: await findGroups(operator, target) });
}

/** What is checked, and against whom. */
interface GroupCheck {
  readonly parts: ReadonlyMap<string, ScriptFile>;
  readonly groups: readonly RunningGroup[];
}

async function checkGroups(
  operator: Operator,
  target: HotfixTarget,
  { parts, groups }: GroupCheck,
): Promise<TypeReport> {
  const others = new Map<string, string>();
  const all = await askOthers(operator);
  for (const { modules } of [...groups, ...(all ?? [])]) {
    for (const { file, text } of modules) if (text !== undefined) addText(others, file, text);
  }
  const checker = await operator.thread.checker();
  const gatherer = new Gatherer(operator.runtime.paths.root);
  for (const group of groups.slice(0, CHECK_GROUPS_MAX)) {
    const modules: CheckModule[] = [];
    const patches: CheckPatch[] = [];
    const unknown: string[] = [];
    for (const [path, { shown, text, file: source }] of parts) {
      const module = findModule(group, target.kind === "shared" ? target.path : path);
      const { file, text: own, isService, failure } = module ?? {};
      if (file === undefined || own === undefined) {
        unknown.push(failure ?? `the service has no module ${path}`);
        continue;
      }
      modules.push({ file, text: own, isService: isService === true });
      patches.push({ file, text, shown, source });
    }
    if (unknown.length > 0) gatherer.addUnchecked(unknown.join("; "));
    else {
      const own = new Map(others);
      for (const { file, text } of group.modules) if (text !== undefined) own.set(file, text);
      const running = [...own].map(([file, text]) => ({ file, text }));
      gatherer.add(await checker.check({ modules, patches, running }));
    }
  }
  if (all === undefined) {
    gatherer.addGap(
      `what other services run: a thread has not told it for ${CONSOLE_ANSWER_MS} ms`,
    );
  }
  if (groups.length > CHECK_GROUPS_MAX) {
    const left = groups.length - CHECK_GROUPS_MAX;
    gatherer.addGap(
      `${left} of ${groups.length} kinds of services that run other texts (CHECK_GROUPS_MAX)`,
    );
  }
  return gatherer.finish();
}

/**
 * What all services run, as far as threads answer: one that hangs must not keep a patch from
 * another.
 */
async function askOthers(operator: Operator): Promise<RunningGroup[] | undefined> {
  const late = operator.pause(CONSOLE_ANSWER_MS).then(() => undefined);
  return await Promise.race([askTexts(operator, "all").catch(() => undefined), late]);
}

function addText(texts: Map<string, string>, file: string, text: string): void {
  if (!texts.has(file)) texts.set(file, text);
}

/**
 * Services that run the same; of a type without services, what the next one would be born
 * from.
 */
async function findGroups(operator: Operator, target: HotfixTarget): Promise<RunningGroup[]> {
  const { paths } = operator.runtime;
  if (target.kind === "shared") {
    const groups = await askTexts(operator, "all");
    const path = resolve(paths.root, target.path);
    const using = groups.filter(({ modules }) => modules.some(({ file }) => file === path));
    // The module is the same for all of them.
    return using.slice(0, 1).map((group) => ({
      ...group,
      modules: group.modules.filter(({ file }) => file === path),
    }));
  }
  try {
    return await askTexts(operator, questionOf(target));
  } catch (error) {
    if (codeOf(error) !== "ERR_NO_SERVICE" || target.kind !== "type") throw error;
    const file = paths.find(target.type);
    const { text } = readScript(operator, file);
    const rest = {
      failure: undefined,
      without: undefined,
      refusal: undefined,
      base: "",
      patches: [],
      isShared: false,
      links: new Map(),
    };
    return [
      {
        type: target.type,
        handles: [],
        hasState: false,
        modules: [{ file, text, isService: true, ...rest }],
      },
    ];
  }
}

/** The module that a patch means, as the live side finds it: see module-search.ts. */
function findModule({ modules }: RunningGroup, path: string): RunningModule | undefined {
  const [entry] = modules;
  if (path === "" || entry === undefined || modules.length === 1) return entry;
  const meant = entry.links.get(path) ?? resolve(dirname(entry.file), path);
  const exact = modules.find(
    ({ file }) => file === meant || (!existsSync(meant) && stemOf(file) === stemOf(meant)),
  );
  if (exact !== undefined || isAbsolute(path) || path.startsWith(".")) return exact;
  const end = `/${stemOf(path)}`;
  const found = modules.filter(
    ({ file }) => file.endsWith(`/${path}`) || stemOf(file).endsWith(end),
  );
  return found.length === 1 ? found[0] : undefined;
}

function stemOf(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, "");
}

/** Puts the answers for several kinds of services together. */
class Gatherer {
  readonly #root: string;
  readonly #errors = new Map<string, CheckError>();
  readonly #gaps = new Set<string>();
  readonly #why = new Set<string>();
  #more = 0;
  #compiler = "";

  constructor(root: string) {
    this.#root = root;
  }

  add(answer: CheckAnswer): void {
    if (answer.kind === "unchecked") {
      this.addUnchecked(answer.why);
      return;
    }
    this.#compiler = answer.compiler;
    for (const each of answer.errors) this.#errors.set(this.#print(each), each);
    for (const gap of answer.gaps) this.addGap(gap);
    this.#more = Math.max(this.#more, answer.more);
  }

  addUnchecked(why: string): void {
    this.#why.add(this.#name(why));
  }

  addGap(gap: string): void {
    this.#gaps.add(this.#name(gap));
  }

  finish(): TypeReport {
    const isChecked = this.#compiler !== "";
    const why = [...this.#why].join("; ");
    const lines = [...this.#errors.keys()];
    if (this.#more > 0) lines.push(`and ${this.#more} more`);
    // What could not be checked of some is a gap; of all, there is no result.
    const gaps = [...this.#gaps, ...(isChecked ? this.#why : [])];
    return {
      errors: [...this.#errors.values()],
      gaps,
      lines: [...lines, ...gaps.map((gap) => `not looked at: ${gap}`)],
      count: this.#errors.size + this.#more,
      unchecked: isChecked ? undefined : why === "" ? "no service runs it" : why,
      compiler: this.#compiler,
    };
  }

  #print({ where, file, line, column, code, text }: CheckError): string {
    const place = line === 0 ? "" : `:${line}:${column}`;
    const at = `${isAbsolute(file) ? showPath(this.#root, file) : file}${place}`;
    const breaks = where === "patch" ? "" : "breaks ";
    const whose = where === "running" ? " of the running code" : "";
    return `${breaks}${at}${whose}: ${text} (${code})`;
  }

  #name(text: string): string {
    return text.replaceAll(`${this.#root}/`, "");
  }
}

/** `1 type error` */
export function countErrors(count: number): string {
  return `${count} type ${count === 1 ? "error" : "errors"}`;
}

/** How errors in types are taken. */
export interface CheckOptions {
  /** They are shown, and stop nothing. */
  readonly isForced: boolean;
  /** They stop the patch, whatever the configuration says. */
  readonly isStrict: boolean;
}

/** Takes `--check` and `--force` out of the words of a `hotfix`. */
export function takeCheckOptions(words: readonly string[]): {
  readonly rest: readonly string[];
  readonly options: CheckOptions;
} {
  const end = words.indexOf("--");
  const own = words.slice(0, end < 0 ? undefined : end);
  const [isForced, isStrict] = [own.includes("--force"), own.includes("--check")];
  const kept = own.filter((word) => word !== "--force" && word !== "--check");
  const rest = [...kept, ...words.slice(own.length)];
  return { rest, options: { isForced, isStrict } };
}

/**
 * Checks a patch that is about to be applied.
 *
 * @returns what there is to say of its types; undefined if they are right, or not to be
 * checked.
 * @throws {ERR_PATCH_TYPE} if it must not be applied.
 */
export async function checkBefore(
  operator: Operator,
  target: HotfixTarget,
  { parts, isForced, isStrict }: CheckOptions & Pick<GroupCheck, "parts">,
): Promise<string | undefined> {
  const given = givenMode(operator);
  if (given === "off" || parts.size === 0) return undefined;
  const groups = await findGroups(operator, target).catch(messageOf);
  const isText = typeof groups === "string";
  const isAsked = given !== undefined || isStrict;
  if (!isAsked && (isText || !hasTypes(groups))) return undefined;
  const { unchecked, lines, count, errors } = isText
    ? { ...NOTHING, unchecked: groups }
    : await checkGroups(operator, target, { parts, groups });
  const isRequired = given === "require" && !isForced;
  if (unchecked !== undefined) {
    const why = `not checked: ${unchecked}`;
    if (isRequired) throw refusal(`${why}; the configuration requires it (typecheck)`, []);
    return why;
  }
  const found = lines.map((line) => `\n${line}`).join("");
  if (count > 0 && !isForced && (isRequired || isStrict)) {
    throw refusal(
      `${countErrors(count)}, nothing was sent; --force sends it all the same${found}`,
      errors,
    );
  }
  if (lines.length === 0) return undefined;
  return count > 0 ? `${countErrors(count)}${found}` : found.trim();
}

const NOTHING: TypeReport = {
  ...{ errors: [], gaps: [], lines: [], count: 0 },
  ...{ unchecked: undefined, compiler: "" },
};

function refusal(message: string, errors: readonly CheckError[]): SnaxError {
  return new SnaxError("ERR_PATCH_TYPE", message, { data: { errors } });
}
