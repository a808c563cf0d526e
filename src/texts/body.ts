/**
 * Bodies: the parts of a module's text that a patch replaces one by one, by name.
 *
 *     price            a function
 *     Till.open        a member of a class; `static` and `get` belong to its name
 *     response.buy     a method; `handlers.a` a member of a table
 *     dispatch "lua"   the handler of a protocol, which a patch registers anew in its `hotfix()`
 *
 * What is inside a body, such as an arrow function, belongs to it. So a place in a text that runs is compared
 * with what a later patch gives.
 */

import type { AnyNode, Class } from "acorn";
import { listMembers, listProperties } from "./member.ts";
import type { PatchPieces } from "./merge.ts";
import type { ModuleText, Piece } from "./module-text.ts";

/** A part that a patch may replace. */
interface Body {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The function that a method is, where the table only names it. */
  readonly alias: string | undefined;
}

/** Names the body that an offset of a text is in; undefined at top level. */
export function bodyAt(module: ModuleText, offset: number): string | undefined {
  const holds = ({ start, end }: { start: number; end: number }): boolean =>
    start <= offset && offset < end;
  const piece = module.pieces.find(holds);
  if (piece === undefined) return listHandlers(module, module.loose.find(holds))[0];
  if (piece.name === "hotfix") return listHandlers(module, piece)[0] ?? piece.name;
  return listBodies(piece, module).find(holds)?.name ?? piece.name;
}

const DISPATCH = /\.dispatch\(\s*(?:"(\w+)"|'(\w+)')/g;

/** The protocols whose handlers a part of a text registers. */
function listHandlers(
  { text }: ModuleText,
  part: { readonly start: number; readonly end: number } | undefined,
): string[] {
  const own = part === undefined ? "" : text.slice(part.start, part.end);
  return [...own.matchAll(DISPATCH)].map(([, one, other]) => `dispatch "${one ?? other}"`);
}

/** The bodies that a patch replaces or takes away. */
export class Replaced {
  readonly #names = new Set<string>();
  /** Names that go with all that is inside. */
  readonly #whole = new Set<string>();
  /** `delete Till.open`, `delete table.open`: what it means is the module's to say. */
  readonly #removed = new Set<string>();

  constructor(patch: PatchPieces) {
    for (const piece of patch.pieces) {
      const bodies = listBodies(piece, patch);
      if (bodies.length === 0) for (const name of piece.names) this.#names.add(name);
      for (const { name } of bodies) this.#names.add(name);
      if (piece.name === "hotfix") {
        for (const handler of listHandlers(patch, piece)) this.#names.add(handler);
      }
    }
    for (const { path } of patch.deletions) this.#remove(path);
  }

  /** Whether the patch is about a body of an older text. */
  has(body: string, module: ModuleText): boolean {
    if (this.#hasName(body, module)) return true;
    // Code that had the method saw the function, which only the table has named.
    return module.pieces.some((piece) =>
      listBodies(piece, module).some(
        ({ name, alias }) => alias === body && this.#hasName(name, module),
      ),
    );
  }

  /** The same for a text that can't be taken apart: by the name alone that a stack tells. */
  hasFunction(name: string): boolean {
    const last = name.slice(name.lastIndexOf(".") + 1);
    const isIt = (each: string): boolean => each === last || each.endsWith(`.${last}`);
    return [...this.#names, ...this.#whole, ...this.#removed].some(isIt);
  }

  #hasName(body: string, { byName }: ModuleText): boolean {
    const [holder = "", member = ""] = body.split(".");
    const isClass = byName.get(holder)?.kind === "class";
    const isStatic = member.startsWith("static ");
    const removed = isClass && isStatic ? body.replace("static ", "") : body;
    return (
      this.#names.has(body) ||
      this.#whole.has(holder) ||
      (isClass === isStatic && this.#removed.has(removed))
    );
  }

  #remove([name = "", ...rest]: readonly string[]): void {
    const holder = groupName(name);
    const member = rest.at(-1);
    if (member === undefined) this.#whole.add(holder);
    else if (rest.length === 2) {
      for (const role of ["", "get ", "set "]) this.#names.add(`${holder}.${role}${member}`);
    } else this.#removed.add(`${holder}.${member}`);
  }
}

/** `subscribe` is the older name of `accept`. */
function groupName(name: string): string {
  return name === "subscribe" ? "accept" : name;
}

/** The bodies of a declaration; none if it is replaced as a whole, or never. */
function listBodies(piece: Piece, { syntax }: ModuleText): Body[] {
  const { kind, name, value, start, end } = piece;
  if (kind === "function") return [{ name, start, end, alias: undefined }];
  if (kind === "class" && isClass(value)) {
    const decorators = syntax.decorated?.decorators ?? [];
    return listMembers(value, syntax.code, decorators).map((member) => ({
      ...{ start: member.start, end: member.end, alias: undefined },
      name: `${name}.${member.key}`,
    }));
  }
  if (value?.type !== "ObjectExpression") return [];
  const holder = groupName(piece.group ?? name);
  return listProperties(value).flatMap(({ key, node }) => {
    if (key === undefined) return [];
    const alias =
      node.type === "Property" && node.value.type === "Identifier" ? node.value.name : undefined;
    return [{ name: `${holder}.${key}`, start: node.start, end: node.end, alias }];
  });
}

function isClass(node: AnyNode | undefined): node is Class & AnyNode {
  return node?.type === "ClassDeclaration" || node?.type === "ClassExpression";
}
