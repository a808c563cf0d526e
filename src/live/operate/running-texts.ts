/**
 * Which texts the services of this thread run: one entry for all that run the same.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Context } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Stuck } from "../../service/errand.ts";
import { sendErrand, takeErrand } from "../../service/errand.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import type { Resolve } from "../../texts/program-text.ts";
import { hasWritten } from "../apply/written-state.ts";
import { hashOf } from "../text/patch-code.ts";
import { textOf } from "../text/text-history.ts";
import type { OrderState } from "../rollout/thread-order.ts";
import type { Withdrawal } from "./withdrawal.ts";
import { outOf } from "./withdrawal.ts";

/** The command of a thread's steward: `TEXTS(question, without)`. */
const TEXTS = "TEXTS";

/** Has a thread tell others what its services run. */
export function answerTexts(runtime: Runtime): void {
  runtime.stewardCommands.set(TEXTS, async (_context, [state, question, without]) => {
    takeErrand(state as OrderState);
    return listRunning(runtime, question as TextQuestion, without as Withdrawal | undefined);
  });
}

/** A module as services run it. */
export interface RunningModule {
  /** Real path of the file. */
  readonly file: string;
  /** The text that runs; undefined if it can't be told. */
  readonly text: string | undefined;
  /** Why it can't be told. */
  readonly failure: string | undefined;
  /** The text without the patches that the question takes back; undefined if it has none of them. */
  readonly without: string | undefined;
  /** Why there is no such text. */
  readonly refusal: string | undefined;
  /** Hash of the text of its file, as it was loaded. */
  readonly base: string;
  /** Hashes of the patches, the oldest first. */
  readonly patches: readonly string[];
  /** Whether it is the own file of a snax service. */
  readonly isService: boolean;
  /** Whether all services of the thread share it. */
  readonly isShared: boolean;
  /** The modules that it imports, by specifier. */
  readonly links: ReadonlyMap<string, string>;
}

/** Services of one type that run the same texts. */
export interface RunningGroup {
  readonly type: string;
  readonly handles: number[];
  /** Whether patches that the question names have assigned variables of one of them. */
  hasState: boolean;
  /** Their own file first. */
  readonly modules: readonly RunningModule[];
}

/**
 * Whose texts are asked for: of one service, of a type, of all snax services, or of plain ones too;
 * those of the system are left out.
 */
export type TextQuestion =
  | { readonly handle: number }
  | { readonly type: string }
  | "all"
  | "plain too";

/** A thread that does not say what its services run. */
export interface SilentThread {
  readonly thread: number;
  readonly error: Error;
}

/** What every thread has answered. */
export interface Gathered {
  readonly groups: RunningGroup[];
  readonly silent: readonly SilentThread[];
}

/**
 * Asks every thread what services run.
 *
 * @param without - patches; each module is told without them as well
 * @throws {ERR_PATCH_TIMEOUT} if a thread hangs.
 * @throws {ERR_SERVICE_DEAD} if one ends meanwhile.
 */
export async function gatherRunning(
  context: Context,
  question: TextQuestion,
  without?: Withdrawal,
): Promise<RunningGroup[]> {
  const { groups, silent } = await gatherAnswers(context, question, without);
  for (const { error } of silent) throw error;
  return groups;
}

/**
 * Asks every thread what services run, and names those that do not answer.
 *
 * @param without - see {@link gatherRunning}
 */
export async function gatherAnswers(
  context: Context,
  question: TextQuestion,
  without?: Withdrawal,
): Promise<Gathered> {
  const { runtime } = context;
  const { threads } = runtime;
  const hosts =
    typeof question === "object" && "handle" in question
      ? [threads?.threadOf(question.handle) ?? -1]
      : (threads?.hosts ?? []);
  const others = hosts.filter((thread) => thread >= 0 && thread !== threads?.own);
  const silent: SilentThread[] = [];
  const answers = await Promise.all(
    others.map((thread) =>
      askThread(context, thread, question, without).catch((error: unknown) => {
        silent.push({ thread, error: error as Error });
        return [];
      }),
    ),
  );
  const groups = new Map<string, RunningGroup>();
  const own = listRunning(runtime, question, without);
  for (const group of [own, ...answers].flat()) {
    const key = keyOf(group);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...group, handles: [...group.handles] });
    else {
      known.handles.push(...group.handles);
      known.hasState ||= group.hasState;
    }
  }
  return { groups: [...groups.values()], silent };
}

async function askThread(
  context: Context,
  thread: number,
  ...question: [question: TextQuestion, without: Withdrawal | undefined]
): Promise<RunningGroup[]> {
  const limitMs = Math.max(1, Number(context.runtime.environment.get("hotfixtimeout")));
  const error = (stuck: Stuck): SnaxError => silenceError(stuck, limitMs);
  const answer = await sendErrand(context, thread, { limitMs, error }, TEXTS, ...question);
  return answer as RunningGroup[];
}

function silenceError({ thread, handle }: Stuck, limitMs: number): SnaxError {
  const address = formatAddress(handle);
  const [what, advice] =
    handle === 0
      ? ["code outside any message", "wait, or restart the node"]
      : [`a handler of ${address}`, `stop it (signal ${address} in the console), and ask again`];
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `thread ${thread} does not say what its services run: ${what} has not returned for ${limitMs} ms (hotfixtimeout); ` +
      `nothing has changed; ${advice}`,
    { data: { thread, handle } },
  );
}

/** Says which file of these modules a specifier means in another one. */
export function resolveAmong(modules: readonly RunningModule[]): Resolve {
  const linksOf = new Map(modules.map(({ file, links }) => [file, links]));
  return (specifier, from) => linksOf.get(from)?.get(specifier);
}

/** Services that a line names; of more it tells the number. */
const SERVICES_SHOWN_MAX = 4;

/** `:0000000a, :0000000b and 3 more` */
export function nameServices(handles: readonly number[]): string {
  const shown = handles.slice(0, SERVICES_SHOWN_MAX).map(formatAddress).join(", ");
  const more = handles.length - SERVICES_SHOWN_MAX;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Two threads run the same if the texts are the same, which follow from the file's and the patches. */
function keyOf({ type, modules }: RunningGroup): string {
  return JSON.stringify([type, modules.map(({ file, base, patches }) => [file, base, patches])]);
}

/** Lists what services of this thread run. */
function listRunning(
  runtime: Runtime,
  question: TextQuestion,
  without: Withdrawal | undefined,
): RunningGroup[] {
  const groups = new Map<string, RunningGroup>();
  for (const context of runtime.contexts()) {
    const { code, kind, name, handle } = context;
    if (code === undefined || !isMeant(context, question)) continue;
    const isService = kind === SNAX_KIND;
    const key = [name, ...listTexts(code, isService).map(identify)].join(" ");
    const known = groups.get(key);
    if (known === undefined) groups.set(key, createGroup(context, { code, isService, without }));
    else {
      known.handles.push(handle);
      known.hasState ||= hasState(code, without);
    }
  }
  return [...groups.values()];
}

function isMeant(context: Context, question: TextQuestion): boolean {
  if (question === "plain too") {
    const file = context.code?.program.entry.image.file;
    return file !== undefined && !context.runtime.paths.isSystemFile(file);
  }
  if (question === "all") return context.kind === SNAX_KIND;
  return "handle" in question ? context.handle === question.handle : context.name === question.type;
}

const numbers = new WeakMap<EffectiveText, number>();
let last = 0;

/** Texts are the same if they are one object. */
function identify(text: EffectiveText): number {
  let number = numbers.get(text);
  if (number === undefined) numbers.set(text, (number = last += 1));
  return number;
}

/** The modules that an instance has, its own file first. */
function listNodes({ program }: Instance): ModuleNode[] {
  const { entry } = program;
  return [entry, ...[...program.modules()].filter((node) => node !== entry)];
}

function listTexts(code: Instance, isService: boolean): EffectiveText[] {
  return listNodes(code).flatMap((node) => {
    const module = code.find(node);
    const isOwn = isService && node === code.program.entry;
    return module === undefined ? [] : [textOf(module, isOwn)];
  });
}

interface Seen {
  readonly code: Instance;
  readonly isService: boolean;
  readonly without: Withdrawal | undefined;
}

function createGroup(context: Context, { code, isService, without }: Seen): RunningGroup {
  const modules = listNodes(code).flatMap((node) => {
    const module = code.find(node);
    const isOwn = isService && node === code.program.entry;
    if (module === undefined) return [];
    const text = textOf(module, isOwn);
    return [describe(node, text, { isService: isOwn, without })];
  });
  const handles = [context.handle];
  return { type: context.name, handles, hasState: hasState(code, without), modules };
}

function hasState(code: Instance, without: Withdrawal | undefined): boolean {
  if (without === undefined) return false;
  return listNodes(code).some((node) => {
    const module = code.find(node);
    return module !== undefined && hasWritten(module, without.texts);
  });
}

function describe(
  node: ModuleNode,
  text: EffectiveText,
  { isService, without }: Pick<Seen, "isService" | "without">,
): RunningModule {
  const { file, data } = node.image;
  const links = new Map<string, string>();
  for (const [index, target] of node.targets.entries()) {
    const specifier = data.requests[index]?.specifier;
    if (target.kind === "module" && specifier !== undefined) {
      links.set(specifier, target.node.image.file);
    }
  }
  const { base, patches } = hashesOf(text);
  const { isShared } = node;
  const [running, failure] = attempt(() => text.text);
  const isMeant = without?.texts.some((each) => patches.includes(hashOf(each))) === true;
  const [before, refusal] = attempt(() =>
    without !== undefined && isMeant ? text.without(outOf(without)) : undefined,
  );
  const texts = { text: running, failure, without: before, refusal };
  return { file, base, patches, isService, isShared, links, ...texts };
}

/** What a text was made of, by hashes. */
interface Hashes {
  readonly base: string;
  readonly patches: readonly string[];
}

const hashes = new WeakMap<EffectiveText, Hashes>();

/** Tools that ask with every save ask for the same texts, most of the time. */
function hashesOf(text: EffectiveText): Hashes {
  let known = hashes.get(text);
  if (known === undefined) {
    known = { base: hashOf(text.base), patches: text.patches.map(hashOf) };
    hashes.set(text, known);
  }
  return known;
}

/** A value, or why there is none. */
function attempt<T>(run: () => T): [value: T | undefined, failure: string | undefined] {
  try {
    return [run(), undefined];
  } catch (error) {
    return [undefined, messageOf(error)];
  }
}
