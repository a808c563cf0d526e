/**
 * What one thread does for `snax.hotfixall`: see hotfix-all.ts.
 *
 * A patch that is compiled waits (campaign.ts) until the thread is told to apply or to forget it.
 */

import { codeOf } from "../../base/error.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { askSteward } from "../../service/steward.ts";
import type { PatchFailure, PatchSkip } from "../../snax/types.ts";
import { Campaign, contextsOf } from "./campaign.ts";
import type { LiveNode } from "./live-node.ts";
import { checkGroups } from "../apply/method-swap.ts";
import type { NameScope } from "../text/name-scope.ts";
import type { PatchPart } from "../text/patch-code.ts";
import type { PatchTexts } from "../text/patch.ts";
import { compileParts } from "../text/patch.ts";
import { summarise } from "../apply/patch-summary.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";
import { VariantTable } from "./variant-table.ts";

/** Services that are looked at before others get their turn. */
const LOOK_SLICE = 1024;

/** A patch for services yet to be born. */
export interface BirthOrder {
  readonly id: number;
  readonly type: string;
  readonly texts: PatchTexts;
}

/** What a program asks of hotfixall. */
export interface CampaignCall {
  readonly type: string;
  readonly texts: PatchTexts;
  readonly args: readonly unknown[];
  /** Who asks, by handle. */
  readonly caller: number;
}

/** One call of hotfixall, with its number. */
export interface CampaignOrder extends BirthOrder, CampaignCall {}

/** What a thread answers when the patch is compiled. */
export interface Prepared {
  readonly summary: string;
}

/** What came of a thread's services. */
export interface Applied {
  readonly applied: number[];
  readonly failed: PatchFailure[];
  readonly skipped: PatchSkip[];
}

/** The same, when the patch is kept. */
export interface Kept extends Applied {
  /** The numbers of earlier patches for services yet to be born of which it leaves nothing. */
  readonly retired: readonly number[];
}

/** What a thread can be told about a patch, in this order; WITHDRAW in place of APPLY or of KEEP. */
export type CampaignCommand = "PREPARE" | "READY" | "APPLY" | "KEEP" | "WITHDRAW";

/** What the thread of `context` does at each command. */
export const CAMPAIGN: Readonly<
  Record<
    CampaignCommand,
    (live: LiveNode, context: Context, order: CampaignOrder, state?: OrderState) => Promise<unknown>
  >
> = {
  PREPARE: async (live, context, order): Promise<Prepared> => {
    live.compiling.add(order.id);
    try {
      const ready = await compile(live, context, order);
      if (live.compiling.has(order.id)) {
        live.campaigns.set(order.id, new Campaign(live, ready, order));
      }
      const [first] = contextsOf(context.runtime, order.type);
      return { summary: summarise(ready.born, first?.code) };
    } finally {
      live.compiling.delete(order.id);
    }
  },
  /** Answers, which a thread that hangs does not. */
  READY: async () => {},
  // oxlint-disable-next-line max-params -- as the others
  APPLY: async (live, context, { id, type }, state): Promise<Applied> => {
    const campaign = live.campaigns.get(id);
    // The thread has taken the place of one that has compiled it, and hears of it again when it is kept.
    if (campaign === undefined) return { applied: [], failed: [], skipped: [] };
    const contexts = contextsOf(context.runtime, type);
    return await campaign.apply(contexts, () => beginOrder(state));
  },
  KEEP: async (live, context, order): Promise<Kept | undefined> => {
    const { id, type } = order;
    if (live.inherited.delete(id)) return undefined;
    const campaign = live.campaigns.get(id);
    live.campaigns.delete(id);
    if (campaign !== undefined) return await campaign.keep();
    return await keepLate(live, context, order, contextsOf(context.runtime, type));
  },
  WITHDRAW: async (live, _context, { id }) => {
    live.campaigns.get(id)?.withdraw();
    live.campaigns.delete(id);
    live.compiling.delete(id);
  },
};

/** Brings a patch that is kept to a thread that has taken another one's place since it was compiled. */
// oxlint-disable-next-line max-params -- as the commands
async function keepLate(
  live: LiveNode,
  context: Context,
  order: CampaignOrder,
  contexts: readonly Context[],
): Promise<Kept> {
  try {
    const campaign = new Campaign(live, await compile(live, context, order), order);
    return await campaign.keep();
  } catch (error) {
    logUnborn(live, order, error);
    const code = codeOf(error) ?? "ERR_PATCH";
    const failed = contexts.map(({ handle }) => ({ handle, code, message: messageOf(error) }));
    return { applied: [], failed, skipped: [], retired: [] };
  }
}

/** Gives a thread that took another's place the patches for services yet to be born. */
export async function bearAgain(
  live: LiveNode,
  context: Context,
  orders: readonly BirthOrder[],
): Promise<void> {
  for (const order of orders) {
    live.inherited.add(order.id);
    try {
      const { cache, paths } = context.runtime;
      // The images were brought along: the thread is joined to nobody yet that it could ask.
      await cache.load(paths.find(order.type));
      const ready = await compile(live, context, order);
      live.births.add(ready.program, { id: order.id, parts: ready.born, onBorn: undefined });
    } catch (error) {
      logUnborn(live, order, error);
    }
  }
}

function logUnborn(live: LiveNode, { id, type }: BirthOrder, error: unknown): void {
  const what = `new services of ${type} are born without patch ${id}`;
  live.node.runtime.log(0, `${what}: ${String(error)}`);
}

/** The text that services of a type are born from is the node's, whichever thread has read it. */
async function loadProgram(caller: Context, type: string): Promise<Program> {
  const { cache, paths, threads } = caller.runtime;
  const path = paths.find(type);
  if (threads !== undefined && threads.own !== 0 && !cache.has(path)) {
    const images = await askSteward(caller, 0, "IMAGES", threads.own, type);
    for (const image of images as ImageData[]) cache.adopt(image);
  }
  return await cache.load(path);
}

/** A patch that is compiled for everybody on this thread. */
export interface Ready {
  readonly program: Program;
  /** For services yet to be born. */
  readonly born: readonly PatchPart[];
  readonly variants: VariantTable;
}

async function compile(
  live: LiveNode,
  caller: Context,
  { type, texts }: BirthOrder,
): Promise<Ready> {
  const { runtime } = caller;
  const program = await loadProgram(caller, type);
  const apiNames = new Set(runtime.parts.keys());
  const scopeOf = (node: ModuleNode): NameScope => live.births.scopeOf(program, node);
  const born = await compileParts(texts, { program, scopeOf, hasMethods: true, apiNames });
  checkGroups(born, live.node.methods.of(type));
  const variants = new VariantTable(texts, apiNames);
  await compileForAll(caller, type, variants);
  return { program, born, variants };
}

/**
 * Compiles for every kind of service that runs, with pauses: a look at ten thousand services takes some milliseconds. Who
 * is born meanwhile and is of another kind is compiled for when its turn comes.
 */
async function compileForAll(caller: Context, type: string, variants: VariantTable): Promise<void> {
  const { kernel } = caller.runtime;
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const { origin } = kernel;
      kernel.soon(caller.service, resolve).origin = origin;
    });
  await pause();
  for (const [index, context] of contextsOf(caller.runtime, type).entries()) {
    if (index % LOOK_SLICE === LOOK_SLICE - 1) await pause();
    if (context.service.isAlive && variants.lacks(context)) await variants.compile(context);
  }
  await pause();
}
