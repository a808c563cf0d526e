/**
 * Several results of one answer.
 *
 * A Lua caller takes several results apart; a TypeScript caller gets them as an array.
 */

import { copyArguments } from "../base/copy.ts";
import { definePort } from "../base/portable.ts";
import { Service } from "../kernel/service.ts";
import type { PortableTable } from "../wire/codec-portable.ts";
import { Context, defineNote } from "./context.ts";
import type { Several } from "./skynet-api.ts";

/** Results made by `skynet.values(a, b)`. */
export class Values implements Several {
  /** The results in order. */
  readonly values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.values = values;
  }

  static {
    definePort(Values, ({ values }, receiver) => arrive(copyArguments(values, receiver), receiver));
  }
}

/** Set for services that get several results as `Values`. */
const wholes = defineNote<true>();

/** Lets several results arrive at a service as `Values`: it passes them on to code that tells them from one array. */
export function takeValuesWhole(context: Context): void {
  wholes.set(context, true);
}

/** Says whether they do. */
export function takesValuesWhole(context: Context): boolean {
  return wholes.peek(context) === true;
}

/** Says how several results travel between the threads of a node. */
export function defineValues(portables: PortableTable): void {
  portables.define(Values, {
    name: "values",
    pack: ({ values }) => values,
    // No service of this thread gets it: it is on its way to another harbor, where several results are no list.
    unpack: (values, receiver) =>
      receiver === undefined ? new Values(values) : arrive(values, receiver),
  });
}

function arrive(values: readonly unknown[], receiver: object | undefined): unknown {
  if (!(receiver instanceof Service)) return values;
  const { instance } = receiver;
  // The end of a wire runs no program: it passes them on to another node.
  const isWhole = !(instance instanceof Context) || takesValuesWhole(instance);
  return isWhole ? new Values(values) : values;
}
