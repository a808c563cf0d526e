/**
 * Which texts the services of this thread run: one entry for all that run the same.
 */

import { SnaxError } from "../../base/error.ts";
import { nameFirst } from "../../base/short-list.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Context } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Stuck } from "../../service/errand.ts";
import { takeErrand } from "../../service/errand-state.ts";
import { sendErrand, whoHangs } from "../../service/errand.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import { ByText } from "../../texts/by-text.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import type { Resolve } from "../../texts/program-text.ts";
import { hasWritten } from "../apply/written-state.ts";
import { hashOf } from "../text/compile.ts";
import { changedTextOf, textOf } from "../text/patched-module.ts";
import type { OrderState } from "../rollout/thread-order.ts";
import { patienceOf } from "../rollout/thread-order.ts";
import type { Known, KnownModules, Told } from "./known-modules.ts";
import { identify, tellGroups } from "./known-modules.ts";
import type { Withdrawal } from "./withdrawal.ts";
import { outOf } from "./withdrawal.ts";

/** The command of a thread's steward: `TEXTS(question, without, known)`. */
const TEXTS = "TEXTS";

/** Has a thread tell others what its services run. */
export function answerTexts(runtime: Runtime): void {
  runtime.stewardCommands.set(TEXTS, async (_context, [state, question, without, known]) => {
    takeErrand(state as OrderState);
    const asked = question as TextQuestion;
    const groups = listRunning(runtime, asked, without as Withdrawal | undefined);
    return known === undefined ? groups : tellGroups(groups, known as Known);
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

/** What an answer is to have besides, or need not. */
export interface GatherOptions {
  /** Patches; each module is told without them as well. */
  readonly without?: Withdrawal | undefined;
  /** What the same asker was told before: other threads tell the rest only. */
  readonly known?: KnownModules;
}

/**
 * Asks every thread what services run.
 *
 * @throws {ERR_PATCH_TIMEOUT} if a thread hangs.
 * @throws {ERR_SERVICE_DEAD} if one ends meanwhile.
 */
export async function gatherRunning(
  context: Context,
  question: TextQuestion,
  options: GatherOptions = {},
): Promise<RunningGroup[]> {
  const { groups, silent } = await gatherAnswers(context, question, options);
  for (const { error } of silent) throw error;
  return groups;
}

/** Asks every thread what services run, and names those that do not answer. */
export async function gatherAnswers(
  context: Context,
  question: TextQuestion,
  options: GatherOptions = {},
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
      askThread(context, thread, question, options).catch((error: unknown) => {
        silent.push({ thread, error: error as Error });
        return [];
      }),
    ),
  );
  const groups = new Map<string, RunningGroup>();
  const own = listRunning(runtime, question, options.without);
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
  ...[question, { without, known }]: [question: TextQuestion, options: GatherOptions]
): Promise<RunningGroup[]> {
  const wanted = [question, without, known?.of(thread)];
  const answer = await sendErrand(
    context,
    thread,
    patienceOf(context, silenceError),
    TEXTS,
    ...wanted,
  );
  return known === undefined ? (answer as RunningGroup[]) : known.take(thread, answer as Told);
}

function silenceError(stuck: Stuck, limitMs: number): SnaxError {
  const { thread, handle } = stuck;
  const advice =
    handle === 0
      ? "wait, or restart the node"
      : `stop it (signal ${formatAddress(handle)} in the console), and ask again`;
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `thread ${thread} does not say what its services run: ${whoHangs(stuck)} has not returned for ${limitMs} ms (hotfixtimeout); ` +
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
  return nameFirst(handles.map(formatAddress), SERVICES_SHOWN_MAX);
}

const keys = new WeakMap<RunningModule, string>();

/** Two threads run the same if the texts are the same, which follow from the file's and the patches. */
function keyOf({ type, modules }: RunningGroup): string {
  const parts = modules.map((module) => {
    let key = keys.get(module);
    if (key === undefined) {
      const { file, base, patches } = module;
      keys.set(module, (key = JSON.stringify([file, base, patches])));
    }
    return key;
  });
  return [JSON.stringify(type), ...parts].join("\n");
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
    const key = `${isService} ${identifyTexts(code)} ${name}`;
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

/** Modules run the texts of their program, but for those that patches have changed; each is one object. */
function identifyTexts(code: Instance): string {
  let key = String(identify(code.program));
  let index = 0;
  for (const node of code.program.modules()) {
    const module = code.find(node);
    const text = module && changedTextOf(module);
    if (module === undefined) key += ` ${index}-`;
    else if (text !== undefined) key += ` ${index}:${identify(text)}`;
    index += 1;
  }
  return key;
}

/** The modules that an instance has, its own file first. */
function listNodes({ program }: Instance): ModuleNode[] {
  const { entry } = program;
  return [entry, ...[...program.modules()].filter((node) => node !== entry)];
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
    if (without === undefined) return [describeOnce(node, text, isOwn)];
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

interface Described {
  readonly text: EffectiveText;
  readonly module: RunningModule;
}

/** By module, and whether it is the own file of a snax service: what was told of it last. */
const described = new WeakMap<ModuleNode, Map<boolean, Described>>();

/** Tells what is the same as last time by the same object. */
function describeOnce(node: ModuleNode, text: EffectiveText, isService: boolean): RunningModule {
  let known = described.get(node);
  if (known === undefined) described.set(node, (known = new Map()));
  const before = known.get(isService);
  if (before?.text === text) return before.module;
  const module = describe(node, text, { isService, without: undefined });
  known.set(isService, { text, module });
  return module;
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

const hashes = new ByText<Hashes>();

/** Tools that ask with every save ask for the same texts, most of the time. */
function hashesOf(text: EffectiveText): Hashes {
  return hashes.get(text, () => {
    return { base: hashOf(text.base), patches: text.patches.map(hashOf) };
  });
}

/** A value, or why there is none. */
function attempt<T>(run: () => T): [value: T | undefined, failure: string | undefined] {
  try {
    return [run(), undefined];
  } catch (error) {
    return [undefined, messageOf(error)];
  }
}
