/**
 * Which module of a service a patch means: by the path that is given for a text, and by the names
 * that a text has.
 *
 * A patch that lands in the wrong module does nothing, or is refused for names that are
 * elsewhere. So code that refuses a name says which module of the service has it, and how that one is
 * patched.
 */

import { dirname, isAbsolute, relative } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import { nameFirst } from "../../base/short-list.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import {
  ApiSource,
  CellSource,
  NamespaceSource,
  resolveExport,
} from "../../loader/run/module-node.ts";
import type { NameScope } from "./patched-module.ts";

/** Modules that an error names. */
const SHOWN_MAX = 5;

/**
 * Finds a module of a program by the path that a patch gives: relative to the service's file,
 * absolute, or the end of the path of exactly one module. The ending of the file may be left out.
 *
 * @throws {ERR_PATCH_NAME} if there is none, or more than one.
 * @throws {ERR_PATCH} if it is shared by all services.
 */
export function findNode(program: Program, path: string): ModuleNode {
  const node = path === "" ? program.entry : (program.node(path) ?? findByEnd(program, path));
  if (!node.isShared) return node;
  throw new SnaxError("ERR_PATCH", `${path} is shared by all services: ${howShared(node)}`);
}

function findByEnd(program: Program, path: string): ModuleNode {
  const all = [...program.modules()];
  const isEnd = path !== "" && !isAbsolute(path) && !path.startsWith(".");
  const end = `/${stemOf(path)}`;
  const isMeant = ({ image }: ModuleNode): boolean =>
    image.file.endsWith(`/${path}`) || stemOf(image.file).endsWith(end);
  const found = isEnd ? all.filter(isMeant) : [];
  const [node] = found;
  if (node !== undefined && found.length === 1) return node;
  if (found.length > 1) {
    const names = listPaths(program, found);
    throw new SnaxError("ERR_PATCH_NAME", `${path} may be any of ${names}: give more of the path`);
  }
  const known = all.map((each) => pathOf(program, each));
  const why = `the service has no module ${path}${suggest(path, known)}`;
  throw new SnaxError("ERR_PATCH_NAME", `${why}; it consists of ${listPaths(program, all)}`);
}

/** A path without the ending by which the loader tells the language. */
function stemOf(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, "");
}

/**
 * The path of a module as a patch gives it; a shared module belongs to no service, so its path is
 * absolute.
 */
function pathOf(program: Program, { image, isShared }: ModuleNode): string {
  return isShared ? image.file : relative(dirname(program.entry.image.file), image.file);
}

function listPaths(program: Program, nodes: readonly ModuleNode[]): string {
  const names = nodes.map((each) => pathOf(program, each));
  return nameFirst(names, SHOWN_MAX);
}

/** How a shared module is patched. */
function howShared({ image }: ModuleNode): string {
  return `patch it with snax.hotfixshared, or \`hotfix ${image.file} FILE\` in the console`;
}

/**
 * Says which other module of a service has a name, and how that one is patched.
 *
 * @returns the end of a message, or nothing if no other module has the name.
 */
export function tellHome(
  program: Program,
  { node, scopeOf }: { node: ModuleNode; scopeOf(node: ModuleNode): NameScope },
  name: string,
): string {
  const homes = [...program.modules()].filter((each) => {
    const seen = each === node ? undefined : scopeOf(each).get(name);
    return seen !== undefined && seen.kind !== "import";
  });
  const [home] = homes;
  if (home === undefined) return "";
  return `; ${listPaths(program, homes)} ${homes.length > 1 ? "have" : "has"} ${name}${howTo(program, home)}`;
}

/**
 * Says where a name comes from that a module imports or exports and does not declare, and how that
 * place is patched.
 *
 * @returns the end of a message, or nothing if the module has no such import or export.
 */
export function tellOrigin(program: Program, node: ModuleNode, name: string): string {
  const cell = node.image.data.imports.findIndex(({ local }) => local === name);
  const source =
    cell < 0 ? resolveExport(node, name) : node.links.find((link) => link.cell === cell)?.source;
  if (source === undefined) return "";
  if (source instanceof CellSource) return tellVariable(program, node, source, name);
  if (source instanceof NamespaceSource) {
    return `; it holds all exports of ${pathOf(program, source.node)}${howTo(program, source.node)}`;
  }
  return `; it comes from ${source instanceof ApiSource ? "snax" : "a package"}, which a patch does not reach`;
}

function tellVariable(
  program: Program,
  node: ModuleNode,
  { node: home, cell }: CellSource,
  name: string,
): string {
  const local = home.image.data.cells[cell] ?? name;
  if (home === node) return local === name ? "" : `; it is what the module calls ${local}`;
  const called = local === name ? name : `it under the name ${local}`;
  return `; ${pathOf(program, home)} has ${called}${howTo(program, home)}`;
}

/** How the module that has a name is patched. */
function howTo(program: Program, home: ModuleNode): string {
  if (home.isShared) return `, and is shared by all services: ${howShared(home)}`;
  const path = pathOf(program, home);
  return `: give the text for that module, { "${path}": text }, or ${path}=FILE in the console`;
}
