/**
 * What browsers are served: the page, and every module that it imports, from here and from the package.
 *
 *     /                        web/index.html, which says where the names below are
 *     /web/ /client/           dist/, as `npm run build` makes it
 *     /snax/                   the package's own modules, of sproto and of what that needs
 *     /proto/                  the schemas
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const HERE = new URL("../../", import.meta.url);
const BUILT = new URL("dist/", HERE);
const PACKAGE = new URL("../", `file://${createRequire(import.meta.url).resolve("snax/sproto")}`);

/** The end of an import or an export; the comments of a module hold some that are not real. */
const IMPORTED = /^(?:import|export|\}).*?["'](\.[^"']+)["'];$/gm;

/** Adds a module and what it imports to the pages. */
function addModule(pages: Record<string, string>, path: string): void {
  if (pages[path] !== undefined) return;
  const isOfPackage = path.startsWith("/snax/");
  const file = isOfPackage
    ? new URL(path.slice("/snax/".length), PACKAGE)
    : new URL(path.slice(1), BUILT);
  const text = readFileSync(file, "utf8");
  pages[path] = text;
  for (const [, name = ""] of text.matchAll(IMPORTED)) {
    addModule(pages, new URL(name, `http://page${path}`).pathname);
  }
}

/** Reads the pages, by path. */
export function collectPages(): Record<string, string> {
  const read = (path: string): string => readFileSync(new URL(path, HERE), "utf8");
  const pages: Record<string, string> = { "/": read("web/index.html") };
  for (const name of ["c2s", "s2c"]) {
    pages[`/proto/${name}.sproto`] = read(`proto/${name}.sproto`);
  }
  for (const path of ["/web/page.js", "/web/buffer.js", "/snax/sproto/index.js"]) {
    addModule(pages, path);
  }
  return pages;
}
