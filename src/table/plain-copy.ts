/**
 * Plain copies of what a table shows: for what leaves it.
 */

/**
 * Copies views, lists and dictionaries with all that is in them; an object held twice stays one.
 */
export function copyPlain(value: unknown): unknown {
  return copy(value, new Map());
}

function copy(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return new Date(value);
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const each of value) list.push(copy(each, seen));
    return list;
  }
  const fields: Record<string, unknown> = {};
  seen.set(value, fields);
  for (const [key, each] of Object.entries(value)) {
    Object.defineProperty(fields, key, {
      value: copy(each, seen),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return fields;
}
