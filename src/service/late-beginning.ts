/**
 * What a service does whose beginning takes too long, for people: the calls, sleeps and waits of its `init`, of its start function
 * or of its file, each with the time it has lasted.
 */

import { nameFirst } from "../base/short-list.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Message } from "../kernel/message.ts";
import type { OpenCall } from "../kernel/open-calls.ts";
import type { Context } from "./context.ts";
import { waitersOf } from "./waiting.ts";

/** Most waits that are named. */
const SHOWN_MAX = 3;

/** @param origin - the message from which the beginning follows; what does so is told of alone, if that is known. */
export function describeBeginning(context: Context, origin: Message | undefined): string {
  const all = [...waitsOf(context)];
  const own = all.filter((wait) => wait.origin === origin);
  const waits = (own.length > 0 ? own : all).map(({ text }) => text);
  const place = context.code === undefined ? "its file, outside any function," : "it";
  if (waits.length === 0) return `${place} waits for a promise that is not snax's`;
  return `${place} waits ${nameFirst(waits, SHOWN_MAX, "; ")}`;
}

interface Wait {
  readonly origin: Message | undefined;
  readonly text: string;
}

function* waitsOf(context: Context): Generator<Wait> {
  for (const call of context.service.calls ?? []) {
    yield { origin: call.origin, text: describeCall(context, call) };
  }
  for (const { waiter, until } of waitersOf(context)) {
    const what = until === undefined ? "to be woken" : "in a sleep";
    yield { origin: waiter.origin, text: `${what}, ${since(context, waiter.since)}` };
  }
}

function describeCall(context: Context, { target, since: at }: OpenCall): string {
  const title = context.runtime.kernel.services.get(target)?.title;
  const who = target === 0 ? "a name that no service has" : formatAddress(target);
  return `for an answer of ${who}${title === undefined ? "" : ` (${title})`}, ${since(context, at)}`;
}

function since({ runtime }: Context, at: number): string {
  // A call that was reported as a slow one has no beginning any more.
  if (Number.isNaN(at)) return "for long";
  return `for ${Math.round(runtime.clock.now() - at)} ms`;
}
