/**
 * Objects of the runtime that stand for something in a service that goes to another thread: there they stand for the same.
 *
 *     a row, a list or a root of a shared table    the same place, as that thread shows it
 *     a lock of skynet.queue that is free          a lock of the service there
 *
 * What is held twice is one object there as well.
 */

import type { PortableTable } from "../../wire/codec-portable.ts";
import type { Context } from "../../service/context.ts";
import { handlersOf } from "../../service/answers.ts";
import { hasInfo } from "../../service/information.ts";
import { ownProtocolsOf } from "../../service/protocol-table.ts";
import { lockBehind, queue } from "../../service/waiting.ts";

/** Names what the code of a service has registered: nothing of it travels, so it is there if the top level does it. */
export function listRegistered(context: Context): string[] {
  const quote = (what: string, name: string): string => `skynet.${what}(${JSON.stringify(name)})`;
  return [
    ...ownProtocolsOf(context).map((name) => quote("register_protocol", name)),
    ...[...handlersOf(context).keys()].map((name) => quote("dispatch", name)),
    ...(hasInfo(context) ? ["skynet.info_func"] : []),
  ];
}

/** An object on its way. */
export interface ObjectPlan {
  /** By which the state knows it. */
  readonly name: string;
  /** The kind of what it stands for; undefined = a lock. */
  readonly kind: string | undefined;
  /** What the kind sends for it. */
  readonly packed: unknown;
}

/** The objects of a service that goes. */
export class LeavingObjects {
  readonly plans: ObjectPlan[] = [];
  readonly #portables: PortableTable | undefined;

  constructor(portables: PortableTable | undefined) {
    this.#portables = portables;
  }

  /** The name of an object, which is asked for once; undefined if it stands for nothing that goes. */
  own(value: object): string | undefined {
    if (typeof value === "function") {
      return lockBehind(value)?.isFree === true ? this.#add(undefined, undefined) : undefined;
    }
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
  readonly #plans: ReadonlyMap<string, ObjectPlan>;

  constructor(context: Context, plans: readonly ObjectPlan[]) {
    this.#context = context;
    this.#plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  /** The object of a name, which is asked for once. */
  own(name: string): unknown {
    const plan = this.#plans.get(name);
    if (plan === undefined) return undefined;
    if (plan.kind === undefined) return queue(this.#context);
    const { portables } = this.#context.runtime;
    return portables?.get(plan.kind)?.unpack(plan.packed, this.#context.service);
  }
}
