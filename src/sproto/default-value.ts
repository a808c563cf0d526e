/**
 * A value of a type in which each field is what stands for nothing there.
 */

import { KIND } from "./schema-model.ts";
import type { Field, StructType } from "./schema-model.ts";

/** Makes such a value; it shares nothing with another. */
export function defaultOf(type: StructType): Record<string, unknown> {
  // Made from entries, so that a field may be called __proto__.
  return Object.fromEntries(type.fields.map((field) => [field.name, nothingOf(field)]));
}

function nothingOf(field: Field): unknown {
  if (field.isList) return field.key === undefined ? [] : new Map();
  switch (field.kind) {
    case KIND.integer:
    case KIND.double:
      return 0;
    case KIND.boolean:
      return false;
    case KIND.string:
      return "";
    case KIND.binary:
      return new Uint8Array(0);
    case KIND.struct:
      return {};
  }
}
