/**
 * What one thread does for `snax.hotfixall`: see hotfix-all.ts.
 *
 * A patch that is compiled waits here until the thread is told to apply or to forget it.
 */

import { copyArguments } from "../base/copy.ts";
import { codeOf } from "../base/error.ts";
import type { ImageData } from "../loader/image.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import type { Program } from "../loader/program.ts";
import { Context } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { askSteward } from "../service/steward.ts";
import type { PatchFailure, PatchSkip } from "../snax/types.ts";
import { Application } from "./apply.ts";
import { patchOne } from "./hotfix.ts";
import type { LiveNode } from "./live-node.ts";
import { checkGroups } from "./method-swap.ts";
import type { NameScope } from "./name-scope.ts";
import type { PatchPart } from "./patch-part.ts";
import type { PatchTexts } from "./patch.ts";
import { compileParts, summaryOf } from "./patch.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";
import { VariantTable } from "./variant-table.ts";

/** Services that begin to be patched before others get their turn. */
const SLICE = 64;
/** Services that are looked at before others get their turn. */
const LOOK_SLICE = 1024;

/** A patch for services yet to be born. */
export interface BirthOrder {
  readonly id: number;
  readonly type: string;
  readonly texts: PatchTexts;
}

/** One call of hotfixall. */
export interface CampaignOrder extends BirthOrder {
  readonly args: readonly unknown[];
  /** Who asks, by handle. */
  readonly caller: number;
}

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
      if (live.compiling.has(order.id)) live.campaigns.set(order.id, ready);
      return { summary: summaryOf(ready.born) };
    } finally {
      live.compiling.delete(order.id);
    }
  },
  /** Answers, which a thread that hangs does not. */
  READY: async () => {},
  // oxlint-disable-next-line max-params -- as the others
  APPLY: async (live, context, { id, type, texts, args, caller }, state): Promise<Applied> => {
    const ready = live.campaigns.get(id) as Ready;
    const report = new Report();
    // The births and the list of who lives belong together: no service can be born unnoticed between them.
    ready.withdraw = live.addBirth(ready.program, id, ready.born);
    if (!beginOrder(state)) return { applied: [], failed: [], skipped: [] };
    const campaign = { variants: ready.variants, texts, args, caller, report };
    await applyInSlices(campaign, contextsOf(context.runtime, type));
    return { applied: report.applied, failed: report.failed, skipped: report.skipped };
  },
  KEEP: async (live, _context, { id, type, texts }) => {
    live.campaigns.delete(id);
    live.remember({ id, type, texts });
  },
  WITHDRAW: async (live, _context, { id }) => {
    live.campaigns.get(id)?.withdraw();
    live.campaigns.delete(id);
    live.compiling.delete(id);
  },
};

/** Gives a thread that took another's place the patches for services yet to be born. */
export async function bearAgain(
  live: LiveNode,
  context: Context,
  orders: readonly BirthOrder[],
): Promise<void> {
  for (const order of orders) {
    try {
      const { cache, paths } = context.runtime;
      // The images were brought along: the thread is joined to nobody yet that it could ask.
      await cache.load(paths.find(order.type));
      const ready = await compile(live, context, order);
      live.addBirth(ready.program, order.id, ready.born);
    } catch (error) {
      const { runtime } = live.node;
      runtime.log(
        0,
        `new services of ${order.type} are born without patch ${order.id}: ${String(error)}`,
      );
    }
  }
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
  /** Takes it from those who are not born yet. */
  withdraw: () => void;
}

async function compile(
  live: LiveNode,
  caller: Context,
  { type, texts }: BirthOrder,
): Promise<Ready> {
  const { runtime } = caller;
  const program = await loadProgram(caller, type);
  const apiNames = new Set(runtime.parts.keys());
  const scopeOf = (node: ModuleNode): NameScope => live.bornScope(program, node);
  const born = await compileParts(texts, { program, scopeOf, hasMethods: true, apiNames });
  checkGroups(born, live.node.methods.of(type));
  const variants = new VariantTable(texts, apiNames);
  await compileForAll(caller, type, variants);
  return { program, born, variants, withdraw: () => {} };
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

function contextsOf(runtime: Runtime, type: string): Context[] {
  const found: Context[] = [];
  for (const { instance } of runtime.kernel.services) {
    const isOne = instance instanceof Context && instance.name === type && instance.kind !== "";
    if (isOne) found.push(instance);
  }
  return found;
}

/** What came of each service. */
class Report {
  readonly applied: number[] = [];
  readonly failed: PatchFailure[] = [];
  readonly skipped: PatchSkip[] = [];

  fail({ handle, service }: Context, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!service.isAlive) this.skipped.push({ handle, reason: "it ended meanwhile" });
    else this.failed.push({ handle, code: codeOf(error) ?? "ERR_PATCH_FAILED", message });
  }
}

/** One call of hotfixall on one thread. */
interface Campaign {
  readonly variants: VariantTable;
  readonly texts: PatchTexts;
  readonly args: readonly unknown[];
  /** Who asks, by handle. */
  readonly caller: number;
  readonly report: Report;
}

/** An async `hotfix()` keeps its own slice waiting, so no more than a slice of services is held at any time. */
async function applyInSlices(campaign: Campaign, contexts: readonly Context[]): Promise<void> {
  for (let from = 0; from < contexts.length; from += SLICE) {
    await applySlice(campaign, contexts.slice(from, from + SLICE));
  }
}

function applySlice(campaign: Campaign, contexts: readonly Context[]): Promise<void> {
  return new Promise((resolve) => {
    let left = contexts.length;
    const done = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (const context of contexts) applyTo(campaign, context, done);
  });
}

function applyTo(campaign: Campaign, context: Context, done: () => void): void {
  const { variants, texts, caller, report } = campaign;
  const { handle } = context;
  const parts = variants.find(context);
  if (parts === undefined && !variants.lacks(context)) {
    report.skipped.push({ handle, reason: variants.reasonToSkip(context) });
    done();
    return;
  }
  const args = copyArguments(campaign.args, context.service);
  const applied = (): void => {
    report.applied.push(handle);
    done();
  };
  const failed = (error: unknown): void => {
    report.fail(context, error);
    done();
  };
  // Another patch was faster in this one, or it was born like no other: it is compiled for it alone.
  const alone = (): void => void patchOne(context, { texts, args, caller }).then(applied, failed);
  if (parts === undefined) alone();
  else new Application(context, { parts, args, caller }, { applied, failed, stale: alone }).start();
}
