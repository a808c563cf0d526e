/**
 * What the log says of the members that a patch gives to objects: those that a running object has are set, others are added, and
 * what the patch only repeats is not mentioned. Where nobody lives yet the text is asked.
 */

import { isDeepStrictEqual } from "node:util";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { Image } from "../../loader/weave/image.ts";
import { isWrittenOut } from "../../loader/read/names.ts";
import type { TextObject } from "../../loader/weave/text-members.ts";
import { keyOf } from "../../loader/read/member-key.ts";
import { findValue, memberOf, valueOf } from "../../loader/weave/text-members.ts";
import { publicName } from "../text/patch-default.ts";
import { askFor } from "../text/patch-outline.ts";
import { isPlain } from "./table-merge.ts";
import type { TableGift, TableMember } from "../text/table-text.ts";

/** An object, running or written; undefined keys if it holds none by name, or nobody can tell. */
interface View {
  readonly keys: readonly string[] | undefined;
  readonly value: unknown;
  child(key: string): View;
}

/** Sorts the members of one object into those that it has and new ones. */
export function sortMembers(
  name: string,
  { members }: TableGift,
  source: ModuleInstance | Image,
): { set: string[]; added: string[] } {
  const set: string[] = [];
  const added = new Set<string>();
  const root =
    "read" in source ? viewLive(readLive(source, name)) : viewText(findValue(source, name));
  for (const member of members) {
    const label = [publicName(name), ...member.path.slice(1)];
    const found = look(root, member, members);
    if (found.news !== undefined) {
      added.add(`${label.slice(0, found.depth).join(".")}${found.news}`);
    } else if (!found.isSame) set.push(label.join("."));
  }
  return { set, added: [...added] };
}

interface Look {
  /** How long the way is to what is new, and which name may have been meant. */
  readonly depth?: number;
  readonly news?: string;
  /** Whether the object has that value. */
  readonly isSame?: boolean;
}

function look(root: View, { path, data }: TableMember, members: readonly TableMember[]): Look {
  let view = root;
  for (let depth = 1; depth < path.length; depth += 1) {
    const key = path[depth] ?? "";
    const { keys } = view;
    if (keys === undefined) return {};
    if (!keys.includes(key)) {
      const given = new Set(
        members.flatMap((member) => {
          const isBeside = path.slice(0, depth).every((each, at) => member.path[at] === each);
          return isBeside ? [member.path[depth]] : [];
        }),
      );
      const news = askFor(
        key,
        keys.filter((each) => !given.has(each)),
      );
      return { depth: depth + 1, news };
    }
    view = view.child(key);
  }
  return { isSame: data !== undefined && isDeepStrictEqual(view.value, data.value) };
}

/** A variable before its declaration has run has no members: the commit will say so. */
function readLive(module: ModuleInstance, name: string): unknown {
  try {
    return module.read(name);
  } catch {
    return undefined;
  }
}

function viewLive(value: unknown): View {
  return {
    keys: isPlain(value) ? Object.getOwnPropertyNames(value) : undefined,
    value,
    child: (key) => viewLive(Reflect.getOwnPropertyDescriptor(value as object, key)?.value),
  };
}

/** What is not written out is no value that a patch could repeat. */
const UNKNOWN = Symbol("unknown");

function viewText(node: TextObject | undefined): View {
  const keys = node?.type === "ObjectExpression" ? keysOf(node) : undefined;
  const value = node !== undefined && isWrittenOut(node) ? valueOf(node) : UNKNOWN;
  return { keys, value, child: (key) => viewText(memberOf(node, key)) };
}

function keysOf(node: TextObject & { type: "ObjectExpression" }): string[] | undefined {
  const keys: string[] = [];
  for (const property of node.properties) {
    const key = property.type === "Property" ? keyOf(property) : undefined;
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}
