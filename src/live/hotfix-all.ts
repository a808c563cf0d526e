/**
 * `snax.hotfixall`: one patch for every service of a type, those to be born included.
 *
 *     compile   for every text and history that running services of the type have; any error, and nothing has changed
 *     births    from this moment new services have the patch before their `init`
 *     apply     service by service, each wholly or not at all, in slices that let other messages through
 */

import { copyArguments } from "../base/copy.ts";
import { codeOf } from "../base/error.ts";
import { Context } from "../service/context.ts";
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
import type { PatchTexts } from "./patch.ts";
import { compileParts, hashOfPatch, readPatch } from "./patch.ts";
import { VariantTable } from "./variant-table.ts";

/** Services that begin to be patched before others get their turn. */
const SLICE = 64;

/** Repairs all services of a type; see `SnaxApi.hotfixall`. */
export async function hotfixall(
  live: LiveNode,
  { context: { runtime } }: SnaxCaller,
  type: string,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<HotfixAllResult> {
  const texts = readPatch(patch);
  const program = await runtime.cache.load(runtime.paths.find(type));
  const born = await compileParts(texts, program, (node) => live.bornScope(program, node), true);
  checkGroups(born, live.node.methods.of(type));
  const variants = new VariantTable(texts);
  await compileForAll(runtime, type, variants);
  // From here to the end of the slices' first turn nothing waits: no service can be born unnoticed.
  const id = live.ledger.next();
  const withdraw = live.addBirth(program, id, born);
  const report = new Report();
  await new Slices(contextsOf(runtime, type), variants, texts, args, report).run();
  // What failed everywhere would fail in every service to come.
  if (report.applied.length === 0 && report.failed.length > 0) withdraw();
  live.ledger.enter(id, hashOfPatch(texts), `all ${type}`, report.results());
  return { id, applied: report.applied, failed: report.failed, skipped: report.skipped };
}

/** Compiles for every kind of service that runs; again, if meanwhile one of another kind was born. */
async function compileForAll(
  runtime: Runtime,
  type: string,
  variants: VariantTable,
): Promise<void> {
  for (;;) {
    const missing = contextsOf(runtime, type).find((context) => variants.lacks(context));
    if (missing === undefined) return;
    await variants.compile(missing);
  }
}

function contextsOf(runtime: Runtime, type: string): Context[] {
  const found: Context[] = [];
  for (const { instance } of runtime.kernel.services) {
    const isOne = instance instanceof Context && instance.name === type && instance.kind === "snax";
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

  results(): PatchResult[] {
    return [
      ...this.failed.map(({ handle, code }) => ({ handle, ok: false, code })),
      ...this.applied.map((handle) => ({ handle, ok: true })),
    ];
  }
}

/** Goes through the services slice by slice. */
class Slices {
  readonly #contexts: readonly Context[];
  readonly #variants: VariantTable;
  readonly #texts: PatchTexts;
  readonly #args: readonly unknown[];
  readonly #report: Report;

  // The five belong to one call of hotfixall and to nothing else.
  // oxlint-disable-next-line max-params -- see above
  constructor(
    contexts: readonly Context[],
    variants: VariantTable,
    texts: PatchTexts,
    args: readonly unknown[],
    report: Report,
  ) {
    this.#contexts = contexts;
    this.#variants = variants;
    this.#texts = texts;
    this.#args = args;
    this.#report = report;
  }

  /** An async `hotfix()` keeps its own slice waiting, so no more than a slice of services is held at any time. */
  async run(): Promise<void> {
    for (let from = 0; from < this.#contexts.length; from += SLICE) {
      await this.#runSlice(this.#contexts.slice(from, from + SLICE));
    }
  }

  #runSlice(contexts: readonly Context[]): Promise<void> {
    return new Promise((resolve) => {
      let left = contexts.length;
      const done = (): void => {
        left -= 1;
        if (left === 0) resolve();
      };
      for (const context of contexts) this.#patch(context, done);
    });
  }

  #patch(context: Context, done: () => void): void {
    const { handle } = context;
    const parts = this.#variants.find(context);
    if (parts === undefined) {
      this.#report.skipped.push({ handle, reason: "it is born with the patch" });
      done();
      return;
    }
    const args = copyArguments(this.#args, context.service);
    new Application(context, parts, args, {
      applied: () => {
        this.#report.applied.push(handle);
        done();
      },
      failed: (error) => {
        this.#report.fail(context, error);
        done();
      },
      // Another patch was faster in this one: it is compiled for it alone.
      stale: () => {
        patchOne(context, this.#texts, args)
          .then(
            () => this.#report.applied.push(handle),
            (error: unknown) => this.#report.fail(context, error),
          )
          .then(done, done);
      },
    }).start();
  }
}
