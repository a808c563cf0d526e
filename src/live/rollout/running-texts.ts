/**
 * Which texts the services of this thread run: one entry for all that run the same.
 */

import { formatAddress } from "../../kernel/address.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Context } from "../../service/context.ts";
import { Context as ContextClass } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { messageOf } from "../../service/error-text.ts";
import { askSteward } from "../../service/steward.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import type { Resolve } from "../../texts/program-text.ts";
import { hashOf } from "../text/patch-code.ts";
import { textOf } from "../text/text-history.ts";

/** The command of a thread's steward. */
export const TEXTS = "TEXTS";

/** A module as services run it. */
export interface RunningModule {
  /** Real path of the file. */
  readonly file: string;
  /** The text that runs; undefined if it can't be told. */
  readonly text: string | undefined;
  /** Why it can't be told. */
  readonly failure: string | undefined;
  /** The text without the patches that the question names; undefined if it has none of them. */
  readonly without: string | undefined;
  /** Why there is no such text. */
  readonly refusal: string | undefined;
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
  /** Their own file first. */
  readonly modules: readonly RunningModule[];
}

/** Whose texts are asked for: of one service, of a type, or of all. */
export type TextQuestion = { readonly handle: number } | { readonly type: string } | "all";

/**
 * Asks every thread what services run.
 *
 * @param without - texts of patches; each module is told without them as well
 */
export async function gatherRunning(
  context: Context,
  question: TextQuestion,
  without: readonly string[] = [],
): Promise<RunningGroup[]> {
  const { runtime } = context;
  const { threads } = runtime;
  const hosts =
    typeof question === "object" && "handle" in question
      ? [threads?.threadOf(question.handle) ?? -1]
      : (threads?.hosts ?? []);
  const others = hosts.filter((thread) => thread >= 0 && thread !== threads?.own);
  const answers = await Promise.all(
    others.map((thread) => askSteward(context, thread, TEXTS, question, without)),
  );
  const groups = new Map<string, RunningGroup>();
  const own = listRunning(runtime, question, without);
  for (const group of [own, ...(answers as RunningGroup[][])].flat()) {
    const key = keyOf(group);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...group, handles: [...group.handles] });
    else known.handles.push(...group.handles);
  }
  return [...groups.values()];
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

/** Two threads run the same if the texts are the same. */
function keyOf({ type, modules }: RunningGroup): string {
  const texts = modules.map(({ file, text, failure, patches }) => [file, text, failure, patches]);
  return JSON.stringify([type, texts]);
}

/** Lists what services of this thread run. */
export function listRunning(
  runtime: Runtime,
  question: TextQuestion,
  without: readonly string[],
): RunningGroup[] {
  const groups = new Map<string, RunningGroup>();
  for (const { instance } of runtime.kernel.services) {
    if (!(instance instanceof ContextClass) || !isMeant(instance, question)) continue;
    const { code } = instance;
    if (code === undefined) continue;
    const isService = instance.kind === SNAX_KIND;
    const key = [instance.name, ...listTexts(code, isService).map(identify)].join(" ");
    const known = groups.get(key);
    if (known !== undefined) known.handles.push(instance.handle);
    else groups.set(key, createGroup(instance, { code, isService, without }));
  }
  return [...groups.values()];
}

function isMeant(context: Context, question: TextQuestion): boolean {
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
  readonly without: readonly string[];
}

function createGroup(context: Context, { code, isService, without }: Seen): RunningGroup {
  const modules = listNodes(code).flatMap((node) => {
    const module = code.find(node);
    const isOwn = isService && node === code.program.entry;
    if (module === undefined) return [];
    const text = textOf(module, isOwn);
    return [describe(node, text, { isService: isOwn, without })];
  });
  return { type: context.name, handles: [context.handle], modules };
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
  const patches = text.patches.map(hashOf);
  const { isShared } = node;
  const [running, failure] = attempt(() => text.text);
  const [before, refusal] = attempt(() => text.without(without));
  const texts = { text: running, failure, without: before, refusal };
  return { file, patches, isService, isShared, links, ...texts };
}

/** A value, or why there is none. */
function attempt<T>(run: () => T): [value: T | undefined, failure: string | undefined] {
  try {
    return [run(), undefined];
  } catch (error) {
    return [undefined, messageOf(error)];
  }
}
