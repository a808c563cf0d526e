/**
 * A service that stands here for one of another node: skynet's clusterproxy.
 *
 *     lua message  -> the same values there; several results come back as several
 *     snax message -> the number of the method there, or over a link its name; and its arguments
 *
 * On skynet's wire the methods of a snax service are numbered by their order in the text of its
 * file (snax/wire-numbers.ts), so the file here and the one there have to agree.
 */

import { SnaxError } from "../base/error.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { tableWith } from "../service/answers.ts";
import type { Context, Receiver } from "../service/context.ts";
import { standsFor } from "../service/context.ts";
import { createSkynet } from "../service/skynet.ts";
import { takeValuesWhole } from "../service/values.ts";
import { SYSTEM_METHOD } from "../snax/snax-host.ts";
import type { SnaxThread } from "../snax/snax-thread.ts";
import { readWireNumbers } from "../snax/wire-numbers.ts";
import type { ClusterAddress } from "./cluster-api.ts";
import { createCluster } from "./cluster.ts";
import { isLinked } from "./cluster-link.ts";

/** Whom a proxy stands for. */
export interface Proxied {
  readonly node: string;
  readonly address: ClusterAddress;
  /** The name of its file, if it is a snax service. */
  readonly type: string | undefined;
}

/** Makes a service a proxy. */
export function serveProxy(snax: SnaxThread, context: Context, proxied: Proxied): void {
  const { node, address, type } = proxied;
  standsFor.set(context, `${node} ${address}`);
  // The caller of a proxy gets several results as several, as from the service itself.
  takeValuesWhole(context);
  // How long a call may take is its caller's business.
  const unbounded = createCluster(context).within(Infinity);
  const pass = (session: number, values: readonly unknown[]): Promise<unknown> | undefined => {
    if (session !== 0) return unbounded.call(node, address, ...values);
    createCluster(context).send(node, address, ...values);
    return undefined;
  };
  createSkynet(context).dispatch("lua", (session, _source, ...values: unknown[]) =>
    pass(session, values),
  );
  if (type === undefined) return;
  const numberOf = isLinked(context, node)
    ? createNaming(snax, type)
    : createNumbering(snax, context, type);
  const receiveSnax: Receiver = (_context, message) => {
    const values = message.payload as readonly unknown[];
    context.answer(message, pass(message.session, [numberOf(message), ...values]));
  };
  context.receivers = tableWith(context.receivers, PTYPE.snax, receiveSnax);
}

/**
 * Says what the method of a message is called at a node that is linked: by its name; there is no
 * order to agree on.
 */
function createNaming(snax: SnaxThread, type: string): (message: Message) => number | string {
  return ({ method }) => {
    const name = snax.methods.of(type).nameOf(method);
    return name === undefined ? method : `${name.group}.${name.name}`;
  };
}

/** Says which number the method of a message has at the other node. */
function createNumbering(
  snax: SnaxThread,
  { runtime }: Context,
  type: string,
): (message: Message) => number {
  const numbers = readWireNumbers(runtime.paths.find(type));
  return ({ method }) => {
    if (method === SYSTEM_METHOD.exit || method === SYSTEM_METHOD.profile) return method;
    const name = snax.methods.of(type).nameOf(method);
    const number = name === undefined ? undefined : numbers.numberOf(name.group, name.name);
    if (number !== undefined) return number;
    const what = name === undefined ? `method ${method}` : `${name.group} method ${name.name}`;
    throw new SnaxError("ERR_NO_METHOD", `the file of ${type} on this node has no ${what}`);
  };
}
