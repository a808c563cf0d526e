/**
 * Objects of the runtime that stand for something in a service that goes to another thread: there they stand for the same.
 *
 *     a row, a list or a root of a shared table    the same place, as that thread shows it
 *     a lock of skynet.queue that is free          a lock of the service there
 *     skynet.signal                                the signal of the service there
 *     skynet.within(500), snax.at(2)               what the same call gives there
 *
 * What is held twice is one object there as well.
 */

import type { PortableTable } from "../../wire/codec-portable.ts";
import type { BoundCall } from "../../service/bound.ts";
import { bindAgain, boundCallOf } from "../../service/bound.ts";
import type { Context } from "../../service/context.ts";
import { handlersOf } from "../../service/answers.ts";
import { hasInfo } from "../../service/information.ts";
import { isOfApi, ownProtocolsOf } from "../../service/protocol-table.ts";
import { isSignalOf } from "../../service/signal.ts";
import { lockBehind, queue } from "../../service/waiting.ts";

/** Names what the code of a service has registered: nothing of it travels, so it is there if the top level does it. */
export function listRegistered(context: Context): string[] {
  const quote = (what: string, names: Iterable<string>): string[] =>
    [...names].flatMap((name) =>
      isOfApi(context, name) ? [] : `skynet.${what}(${JSON.stringify(name)})`,
    );
  return [
    ...quote("register_protocol", ownProtocolsOf(context)),
    ...quote("dispatch", handlersOf(context).keys()),
    ...(hasInfo(context) ? ["skynet.info_func"] : []),
  ];
}

/** In the place of a kind: what the service reads as `skynet.signal`. */
const SIGNAL = "skynet.signal";

/** The same of what a call of the API gives. */
const BOUND = "a part of the API";

/** An object on its way. */
export interface ObjectPlan {
  /** By which the state knows it. */
  readonly name: string;
  /** The kind of what it stands for; {@link SIGNAL}, {@link BOUND}; undefined = a lock. */
  readonly kind: string | undefined;
  /** What the kind sends for it. */
  readonly packed: unknown;
}

/** The objects of a service that goes. */
export class LeavingObjects {
  readonly plans: ObjectPlan[] = [];
  readonly #context: Context;
  readonly #portables: PortableTable | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#portables = context.runtime.portables;
  }

  /** The name of an object, which is asked for once; undefined if it stands for nothing that goes. */
  own(value: object): string | undefined {
    if (typeof value === "function") {
      return lockBehind(value)?.isFree === true ? this.#add(undefined, undefined) : undefined;
    }
    if (isSignalOf(this.#context, value)) return this.#add(SIGNAL, undefined);
    const call = boundCallOf(value);
    if (call !== undefined) return this.#add(BOUND, call);
    const kind = this.#portables?.namedKindOf(value);
    return kind === undefined ? undefined : this.#add(kind.name, kind.pack(value));
  }

  #add(kind: string | undefined, packed: unknown): string {
    const name = `${kind ?? "a lock"} #${this.plans.length + 1}`;
    this.plans.push({ name, kind, packed });
    return name;
  }
}

/** The objects of a service that has come. */
export class ArrivingObjects {
  readonly #context: Context;
  readonly #readSignal: () => AbortSignal;
  readonly #plans: ReadonlyMap<string, ObjectPlan>;

  /** @param readSignal - reads `skynet.signal` as the service does */
  constructor(context: Context, plans: readonly ObjectPlan[], readSignal: () => AbortSignal) {
    this.#context = context;
    this.#readSignal = readSignal;
    this.#plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  /** The object of a name, which is asked for once. */
  own(name: string): unknown {
    const plan = this.#plans.get(name);
    if (plan === undefined) return undefined;
    if (plan.kind === undefined) return queue(this.#context);
    if (plan.kind === SIGNAL) return this.#readSignal();
    if (plan.kind === BOUND) return bindAgain(this.#context, plan.packed as BoundCall);
    const { portables } = this.#context.runtime;
    return portables?.get(plan.kind)?.unpack(plan.packed, this.#context.service);
  }
}
