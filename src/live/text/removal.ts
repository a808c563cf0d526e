/**
 * What a patch takes away: `delete report;`, `delete response.buy;`, `delete Order.prototype.text;`, `delete Order.make;`.
 */

import type { ErrorCode, SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import { isClassKind } from "../../loader/read/names.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import type { Deletion } from "../../texts/deletion.ts";
import type { SeenName } from "./patched-module.ts";
import { GROUP_NAMES } from "./patch-item.ts";
import type { MemberOwner } from "./patch-outline.ts";
import type { PatchTarget } from "./patch-plan.ts";
import type { PatchText } from "./patch-text.ts";

/** A member that a patch takes away. */
export interface RemovedMember {
  readonly owner: MemberOwner;
  readonly name: string;
  readonly isStatic: boolean;
}

/** What a patch takes away. */
export interface Removals {
  readonly names: ReadonlySet<string>;
  readonly members: readonly RemovedMember[];
}

/** What a patch gives by name. */
interface Given {
  readonly fresh: ReadonlyMap<string, SeenName>;
  readonly replaced: ReadonlyMap<string, unknown>;
}

/**
 * Reads what the deletions of a patch take away.
 *
 * @throws {ERR_PATCH} if it can't be taken away.
 * @throws {ERR_PATCH_NAME} if the module has no such name.
 */
export function readRemovals(
  { syntax, deletions }: PatchText,
  target: PatchTarget,
  given: Given,
): Removals {
  const names = new Set<string>();
  const members: RemovedMember[] = [];
  for (const deletion of deletions) {
    const refuse = (code: ErrorCode, why: string): SnaxError =>
      createPlacedError(code, syntax.locate(deletion.start), why);
    const member = readMember(deletion, target, given);
    if (member !== undefined) members.push(member);
    else if (deletion.path.length === 1) names.add(readName(deletion, target, given, refuse));
    else {
      const kinds =
        "names, methods of response and accept, members of classes, and of an enum that it gives";
      throw refuse("ERR_PATCH", `a patch takes away ${kinds}; delete others in hotfix()`);
    }
  }
  return { names, members };
}

function readMember(
  { path }: Deletion,
  target: PatchTarget,
  { replaced }: Given,
): RemovedMember | undefined {
  const [first = "", second = "", third] = path;
  const isStatic = path.length === 2;
  const kind = replaced.get(first);
  if (isStatic && (kind === "enum" || kind === "const enum")) {
    return { owner: { kind: "enum", name: first }, name: second, isStatic: false };
  }
  if (isStatic && GROUP_NAMES.has(first) && target.hasMethods) {
    return { owner: { kind: "group", name: first }, name: second, isStatic: false };
  }
  if (!isClassKind(target.scope.get(first)?.kind)) return undefined;
  const owner = { kind: "class", name: first } as const;
  if (isStatic) return { owner, name: second, isStatic };
  if (path.length !== 3 || second !== "prototype" || third === "constructor") return undefined;
  return { owner, name: third ?? "", isStatic };
}

// oxlint-disable-next-line max-params -- a name, where it is looked up, and how it is refused
function readName(
  { path: [name = ""] }: Deletion,
  { scope, image, hasMethods, elsewhere }: PatchTarget,
  { fresh, replaced }: Given,
  refuse: (code: ErrorCode, why: string) => SnaxError,
): string {
  const seen = scope.get(name);
  if (fresh.has(name) || replaced.has(name)) {
    throw refuse("ERR_PATCH", `the patch gives ${name} and takes it away`);
  }
  if (seen === undefined) {
    const hint = elsewhere(name) || suggest(name, scope.names());
    throw refuse("ERR_PATCH_NAME", `the service has no ${name}${hint}`);
  }
  if (seen.kind === "import") {
    throw refuse("ERR_PATCH", `${name} is an import: it goes when no code uses it`);
  }
  const isExported = image.exports.some(({ local }) => local === name) || seen.isExported === true;
  if (isExported && !(hasMethods && name === "exit")) {
    throw refuse("ERR_PATCH", `${name} is exported: modules that import it would miss it`);
  }
  return name;
}
