/**
 * Which texts the services of this thread run: one entry for all that run the same.
 */

import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Context } from "../../service/context.ts";
import { Context as ContextClass } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { messageOf } from "../../service/error-text.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
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

/** Lists what services of this thread run. */
export function listRunning(runtime: Runtime, question: TextQuestion): RunningGroup[] {
  const groups = new Map<string, RunningGroup>();
  for (const { instance } of runtime.kernel.services) {
    if (!(instance instanceof ContextClass) || !isMeant(instance, question)) continue;
    const { code } = instance;
    if (code === undefined) continue;
    const isService = instance.kind === SNAX_KIND;
    const key = [instance.name, ...listTexts(code, isService).map(identify)].join(" ");
    const known = groups.get(key);
    if (known !== undefined) known.handles.push(instance.handle);
    else groups.set(key, createGroup(instance, code, isService));
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

function createGroup(context: Context, code: Instance, isService: boolean): RunningGroup {
  const modules = listNodes(code).flatMap((node) => {
    const module = code.find(node);
    const isOwn = isService && node === code.program.entry;
    if (module === undefined) return [];
    const text = textOf(module, isOwn);
    return [describe(node, text, isOwn)];
  });
  return { type: context.name, handles: [context.handle], modules };
}

function describe(node: ModuleNode, text: EffectiveText, isService: boolean): RunningModule {
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
  const rest = { file, patches, isService, isShared, links };
  try {
    return { ...rest, text: text.text, failure: undefined };
  } catch (error) {
    return { ...rest, text: undefined, failure: messageOf(error) };
  }
}
