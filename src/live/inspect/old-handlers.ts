/**
 * The handlers of this thread that still run a body from before a patch.
 *
 *     services that have the patch -> what they have begun and not ended (pending.ts), with stacks
 *                                  -> by handler: old, not to be told, or another -> ended, if that is wished
 *
 * A handler that waits for a promise of a package or of Node has no stack. If it began after the patch it runs new
 * bodies; else it is unknown which it runs, and the answer says so.
 */

import { INFLIGHT_SHOWN_MAX, TASK_STACKS_MAX } from "../../base/limits.ts";
import { SnaxError } from "../../base/error.ts";
import { formatAddress, unfinishedOf } from "../../kernel/service.ts";
import { OpenCall } from "../../kernel/open-calls.ts";
import { giveUp } from "../../kernel/interrupt.ts";
import type { Message } from "../../kernel/message.ts";
import type { Context } from "../../service/context.ts";
import { runInside } from "../../service/context.ts";
import { breakWait, Waiter } from "../../service/waiting.ts";
import type { InflightHandler } from "../../snax/types-inflight.ts";
import type { OldBody } from "./old-body.ts";
import { findOldBody, Histories } from "./old-body.ts";
import type { Asker, Found } from "./pending.ts";
import { CALLS_SHOWN_MAX, findPending } from "./pending.ts";

/** What is asked of a thread. */
export interface InflightQuestion {
  readonly id: number;
  /** The texts of the patch. */
  readonly texts: readonly string[];
  /** When it was in, in milliseconds since 1970. */
  readonly time: number;
  readonly end: boolean;
}

/** What a thread answers. */
export interface InflightLook {
  readonly handlers: readonly InflightHandler[];
  readonly old: number;
  readonly unknown: number;
  readonly current: number;
  readonly ended: number;
  readonly notes: readonly string[];
}

/** Services that are looked at at once. */
const BATCH_LENGTH = 50;

/** Looks at all services of this thread that have a patch. */
export async function lookInflight(
  asker: Asker,
  question: InflightQuestion,
): Promise<InflightLook> {
  const histories = new Histories(new Set(question.texts));
  const { clock } = asker.runtime;
  // In the kernel's clock, in which handlers begin.
  const patchedAt = question.time - clock.wall() + clock.now();
  const look = new Look(question, patchedAt);
  const patched = [...asker.runtime.contexts()].flatMap((context) => {
    const own = histories.of(context);
    return own.length === 0 ? [] : [{ context, histories: own }];
  });
  for (let at = 0; at < patched.length; at += BATCH_LENGTH) {
    const batch = patched.slice(at, at + BATCH_LENGTH);
    const found = await Promise.all(batch.map(({ context }) => findPending(asker, context)));
    for (const [index, { context, histories: own }] of batch.entries()) {
      look.add(context, found[index] ?? [], (each) => findOldBody(own, each.stack));
    }
  }
  return look.result();
}

/** What is known of one handler: all that it waits for. */
interface Handler {
  readonly origin: Message | undefined;
  readonly waits: Found[];
  old: { readonly body: OldBody; readonly wait: Found } | undefined;
  /** A wait of which no stack tells where it is. */
  dark: Found | undefined;
}

class Look {
  readonly #question: InflightQuestion;
  readonly #patchedAt: number;
  readonly #handlers: InflightHandler[] = [];
  readonly #notes: string[] = [];
  #old = 0;
  #unknown = 0;
  #current = 0;
  #ended = 0;

  constructor(question: InflightQuestion, patchedAt: number) {
    this.#question = question;
    this.#patchedAt = patchedAt;
  }

  add(
    context: Context,
    found: readonly Found[],
    oldIn: (found: Found) => OldBody | undefined,
  ): void {
    const seen = this.#withinBounds(context, found);
    for (const handler of groupByHandler(seen, oldIn)) {
      const { old } = handler;
      if (old !== undefined) {
        this.#old += 1;
        this.#list(context, old.wait, old.body);
        if (this.#question.end) this.#end(context, handler);
      } else if (handler.dark !== undefined && this.#beganBefore(context, handler)) {
        this.#unknown += 1;
        this.#list(context, handler.dark, undefined);
      } else this.#current += 1;
    }
  }

  result(): InflightLook {
    const notes = [...this.#notes];
    const shown = this.#handlers.length;
    const all = this.#old + this.#unknown;
    if (all > shown) notes.push(`the first ${shown} of ${all} handlers are listed`);
    return {
      ...{ handlers: this.#handlers, notes },
      ...{ old: this.#old, unknown: this.#unknown, current: this.#current, ended: this.#ended },
    };
  }

  /** Leaves out what was not looked at, and says so. */
  #withinBounds({ service, name }: Context, found: readonly Found[]): readonly Found[] {
    const all = found.filter(({ pending }) => pending.suspended !== undefined).length;
    const calls = service.calls?.size ?? 0;
    const total = Math.max(0, calls - CALLS_SHOWN_MAX) + all;
    if (total <= TASK_STACKS_MAX) return found;
    const whose = `${formatAddress(service.handle)} ${name}`;
    this.#notes.push(`${whose}: looked at the first ${TASK_STACKS_MAX} of ${total} waits`);
    let left = TASK_STACKS_MAX;
    return found.filter(({ pending }) => pending.suspended === undefined || (left -= 1) >= 0);
  }

  #beganBefore({ service }: Context, { origin, waits }: Handler): boolean {
    const began = origin === undefined ? undefined : new Map(unfinishedOf(service)).get(origin);
    const since = began ?? Math.min(...waits.map(({ pending }) => pending.since));
    // Of one that is not known it may be so.
    return !(since > this.#patchedAt);
  }

  #list(context: Context, { pending, handled }: Found, body: OldBody | undefined): void {
    if (this.#handlers.length >= INFLIGHT_SHOWN_MAX) return;
    const { handle, name, runtime } = context;
    const since = handled?.since ?? pending.since;
    this.#handlers.push({
      ...{ handle, type: name, task: pending.name, title: handled?.title },
      source: handled?.source ?? 0,
      age: Number.isNaN(since) ? undefined : Math.max(0, runtime.clock.now() - since),
      waitsFor: pending.waitsFor,
      ...{ body: body?.body, file: body?.file, line: body?.line, patch: body?.patch },
    });
  }

  /** As `killtask`, and what it awaits is rejected, so that the old body ends if it does not catch that. */
  #end(context: Context, { origin, waits }: Handler): void {
    const { kernel } = context.runtime;
    const { service } = context;
    this.#ended += 1;
    const [wait] = waits;
    const title = wait?.handled?.title ?? wait?.pending.name ?? "a handler";
    const what = `which ran a body from before patch ${this.#question.id}`;
    context.runtime.log(context.handle, `Kill ${title}, ${what}`);
    const error = (): SnaxError =>
      new SnaxError("ERR_TIMEOUT", `an operator gave up ${title}, ${what}`);
    if (origin !== undefined && new Map(unfinishedOf(service)).has(origin)) {
      giveUp(kernel, service, { message: origin, error });
    }
    runInside(context, () => {
      for (const { pending } of waits) {
        const { suspended } = pending;
        if (suspended instanceof Waiter) breakWait(context, suspended, error());
        if (suspended instanceof OpenCall)
          kernel.settle(service, suspended.session)?.reject(error());
      }
    });
  }
}

/** Puts together what waits in the handling of one message. */
function groupByHandler(
  found: readonly Found[],
  oldIn: (found: Found) => OldBody | undefined,
): Handler[] {
  const handlers = new Map<Message | Found, Handler>();
  for (const each of found) {
    const { origin } = each.pending;
    const key = origin ?? each;
    let handler = handlers.get(key);
    if (handler === undefined) {
      handlers.set(key, (handler = { origin, waits: [], old: undefined, dark: undefined }));
    }
    handler.waits.push(each);
    const body = oldIn(each);
    if (body !== undefined) handler.old ??= { body, wait: each };
    else if (each.stack.length === 0) handler.dark ??= each;
  }
  return [...handlers.values()];
}
