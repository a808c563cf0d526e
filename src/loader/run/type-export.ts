/**
 * Re-exports of types: `export { T } from "./t.ts"`, where the text does not say that it is a type.
 *
 * The file alone does not show it, so the statement stays until the other file is known.
 */

import type { ModuleNode } from "./module-node.ts";
import { mentionsType } from "../typescript/type-name.ts";

const TYPESCRIPT = /\.[mc]?tsx?$/;

/**
 * Tells whether a TypeScript module exports a name as a type, itself or from a module that it
 * passes on.
 */
export function exportsType(start: ModuleNode, startName: string): boolean {
  const seen = new Set<string>();
  const rest = [{ node: start, name: startName }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { node, name } = next;
    const { file, text, exports } = node.image;
    const key = `${file}\0${name}`;
    if (seen.has(key) || !TYPESCRIPT.test(file)) continue;
    seen.add(key);
    if (mentionsType(text, name)) return true;
    for (const entry of exports) {
      const target = entry.request === undefined ? undefined : node.targets[entry.request];
      if (target?.kind !== "module") continue;
      if (entry.name === "*") rest.push({ node: target.node, name });
      else if (entry.name === name) rest.push({ node: target.node, name: entry.imported ?? "*" });
    }
  }
  return false;
}

/** Tells whether a module may pass on types without saying so. */
export function isTypeScript({ image }: ModuleNode): boolean {
  return TYPESCRIPT.test(image.file);
}
