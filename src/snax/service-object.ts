/**
 * A snax service as its callers hold it: `p.req.echo(x)`, `p.post.touch()`.
 *
 * A method is made when it is first touched and stays on its group, so later uses cost one property
 * read; behind the groups is a Proxy that is reached for unknown names only. What names exist
 * the caller need not know: the service answers ERR_NO_METHOD.
 *
 * Hot path (bench: call).
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { definePort } from "../base/portable.ts";
import { formatAddress, Service } from "../kernel/service.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { post, request } from "../service/calls.ts";
import { Context } from "../service/context.ts";
import type { PortableTable } from "../wire/codec-portable.ts";
import type { Group, MethodNumbers } from "./snax-host.ts";
import type { SnaxThread } from "./snax-thread.ts";

/** The caller, and its deadline. */
export interface Caller {
  readonly snax: SnaxThread;
  /** The service that calls; undefined in an object that is on its way in a message. */
  readonly context: Context | undefined;
  /** Milliseconds a call may take; 0 = the configuration's `calltimeout`. */
  readonly deadlineMs: number;
}

/** A service object; see `ServiceObject` for its static type. */
export class SnaxObject {
  /** The service's address. */
  readonly handle: number;
  /** The name of its service file. */
  readonly type: string;
  readonly #caller: Caller;
  #req: object | undefined = undefined;
  #post: object | undefined = undefined;

  constructor(caller: Caller, handle: number, type: string) {
    this.#caller = caller;
    this.handle = handle;
    this.type = type;
  }

  /** The methods that answer. */
  get req(): object {
    return (this.#req ??= new Methods("response", this, this.#caller));
  }

  /** The methods that don't. */
  get post(): object {
    return (this.#post ??= new Methods("accept", this, this.#caller));
  }

  /** The same as `post`, under its older name. */
  get pub(): object {
    return this.post;
  }

  /** As in snax: `[foobar:0000000a]`. */
  toString(): string {
    return `[${this.type}${formatAddress(this.handle)}]`;
  }

  static {
    // The receiver of a message gets an object of its own for the same service.
    definePort(SnaxObject, (object, receiver) => {
      const instance = receiver instanceof Service ? receiver.instance : undefined;
      const context = instance instanceof Context ? instance : undefined;
      const { snax } = object.#caller;
      return new SnaxObject({ snax, context, deadlineMs: 0 }, object.handle, object.type);
    });
    Object.defineProperty(SnaxObject.prototype, inspect.custom, {
      value: SnaxObject.prototype.toString,
    });
  }
}

/** Says how service objects travel between the threads of a node. */
export function defineServiceObjects(portables: PortableTable, snax: SnaxThread): void {
  portables.define(SnaxObject, {
    name: "service",
    pack: ({ handle, type }) => [handle, type] as const,
    unpack: ([handle, type], receiver) => {
      const instance = receiver instanceof Service ? receiver.instance : undefined;
      const context = instance instanceof Context ? instance : undefined;
      return new SnaxObject({ snax, context, deadlineMs: 0 }, handle, type);
    },
  });
}

/** One group of methods of one service object. */
class Methods {
  readonly #group: Group;
  readonly #target: SnaxObject;
  readonly #caller: Caller;

  constructor(group: Group, target: SnaxObject, caller: Caller) {
    this.#group = group;
    this.#target = target;
    this.#caller = caller;
  }

  static make(methods: object, name: string): unknown {
    if (!(#group in methods)) return undefined;
    const numbers = methods.#caller.snax.methods.of(methods.#target.type);
    // A service object must not look like a promise, unless the service really has a method of that
    // name.
    if (name === "then" && numbers.isOffered(methods.#group, name) !== true) return undefined;
    const make = methods.#group === "response" ? requestMethod : postMethod;
    const method = make(methods.#caller, methods.#target, numbers, name);
    // A frozen object keeps nothing, and works all the same.
    Reflect.defineProperty(methods, name, { value: method, enumerable: true });
    return method;
  }
}

Object.setPrototypeOf(
  Methods.prototype,
  new Proxy(Object.create(null) as object, {
    get: (_target, name, methods) =>
      typeof name === "string" ? Methods.make(methods as object, name) : undefined,
  }),
);
// What every object has is no method of a service: such names go to the service like any other.
delete (Methods.prototype as { constructor?: unknown }).constructor;

type Method = (...values: unknown[]) => unknown;

function requestMethod(
  { context, deadlineMs }: Caller,
  target: SnaxObject,
  numbers: MethodNumbers,
  name: string,
): Method {
  const method = numberOf(numbers, "response", name);
  const { handle, type } = target;
  const title = `request ${type}.${name}`;
  return (...values) => {
    if (context === undefined) throw unbound(target);
    return request(context, handle, { type: PTYPE.snax, method, values }, deadlineMs, title);
  };
}

function postMethod(
  { context }: Caller,
  target: SnaxObject,
  numbers: MethodNumbers,
  name: string,
): Method {
  const method = numberOf(numbers, "accept", name);
  const { handle, type } = target;
  const title = `post ${type}.${name}`;
  return (...values) => {
    if (context === undefined) throw unbound(target);
    // The caller would never hear of it: a name that no service of the type has ever had is refused
    // here.
    if (numbers.isOffered("accept", name) === false) throw noMethod(target, numbers, name);
    post(context, handle, { type: PTYPE.snax, method, values }, title);
  };
}

function numberOf(numbers: MethodNumbers, group: Group, name: string): number {
  const number = numbers.numberOf(group, name);
  if (number !== 0) return number;
  throw new SnaxError("ERR_EXHAUSTED", `too many methods have been asked of type ${numbers.type}`);
}

function noMethod(target: SnaxObject, numbers: MethodNumbers, name: string): SnaxError {
  const isOther = numbers.isOffered("response", name) === true;
  const advice = isOther ? `; it has one under response: use req.${name}` : "";
  return new SnaxError(
    "ERR_NO_METHOD",
    `service ${target.type} has no method ${name} under accept or subscribe${advice}`,
  );
}

function unbound(target: SnaxObject): SnaxError {
  return new SnaxError(
    "ERR_CONTEXT",
    `${target.toString()} belongs to no service: it was not sent to one`,
  );
}
