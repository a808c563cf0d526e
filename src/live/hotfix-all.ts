/**
 * `snax.hotfixall`: one patch for every service of a type, those to be born included.
 *
 *     compile   for every text and history that running services of the type have; any error, and nothing has changed
 *     births    from this moment new services have the patch before their `init`
 *     apply     service by service, each wholly or not at all, in slices that let other messages through
 */

import { copyArguments } from "../base/copy.ts";
import { codeOf } from "../base/error.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import type { Program } from "../loader/program.ts";
import { Context } from "../service/context.ts";
import { messageOf } from "../service/error-text.ts";
import type { Runtime } from "../service/runtime.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import type {
  HotfixAllResult,
  Patch,
  PatchFailure,
  PatchResult,
  PatchSkip,
} from "../snax/types.ts";
import { Application } from "./apply.ts";
import { patchOne } from "./hotfix.ts";
import type { LiveNode } from "./live-node.ts";
import { checkGroups } from "./method-swap.ts";
import type { NameScope } from "./name-scope.ts";
import type { PatchPart } from "./patch-part.ts";
import type { PatchTexts } from "./patch.ts";
import { compileParts, hashOfPatch, readPatch, summaryOf } from "./patch.ts";
import { VariantTable } from "./variant-table.ts";

/** Services that begin to be patched before others get their turn. */
const SLICE = 64;
/** Services that are looked at before others get their turn. */
const LOOK_SLICE = 1024;

/** Repairs all services of a type; see `SnaxApi.hotfixall`. */
export async function hotfixall(
  live: LiveNode,
  { context }: SnaxCaller,
  type: string,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<HotfixAllResult> {
  const texts = readPatch(patch);
  const id = live.ledger.next();
  const report = new Report();
  const enter = (said: string, results: readonly PatchResult[]): void => {
    const target = `all ${type}`;
    live.enter(context.handle, { id, hash: hashOfPatch(texts), target, results, said });
  };
  let ready: Ready;
  try {
    ready = await prepare(live, context, type, texts);
  } catch (error) {
    const code = codeOf(error) ?? "ERR_PATCH";
    enter(`refused: ${messageOf(error)}`, [{ handle: 0, ok: false, code }]);
    throw error;
  }
  // The births and the list of who lives belong together: no service can be born unnoticed between them.
  const withdraw = live.addBirth(ready.program, id, ready.born);
  const campaign = { variants: ready.variants, texts, args, caller: context.handle, report };
  await applyInSlices(campaign, contextsOf(context.runtime, type));
  // What failed everywhere would fail in every service to come.
  if (report.applied.length === 0 && report.failed.length > 0) withdraw();
  enter(`${report.counts()}: ${summaryOf(ready.born)}`, report.results());
  return { id, applied: report.applied, failed: report.failed, skipped: report.skipped };
}

/** A patch that is compiled for everybody. */
interface Ready {
  readonly program: Program;
  /** For services yet to be born. */
  readonly born: readonly PatchPart[];
  readonly variants: VariantTable;
}

async function prepare(
  live: LiveNode,
  caller: Context,
  type: string,
  texts: PatchTexts,
): Promise<Ready> {
  const { runtime } = caller;
  const program = await runtime.cache.load(runtime.paths.find(type));
  const apiNames = new Set(runtime.parts.keys());
  const scopeOf = (node: ModuleNode): NameScope => live.bornScope(program, node);
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

  counts(): string {
    const { applied, failed, skipped } = this;
    return `${applied.length} applied, ${failed.length} failed, ${skipped.length} skipped`;
  }

  results(): PatchResult[] {
    return [
      ...this.failed.map(({ handle, code }) => ({ handle, ok: false, code })),
      ...this.applied.map((handle) => ({ handle, ok: true })),
    ];
  }
}

/** One call of hotfixall. */
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
