/**
 * What docs/internals.md and the comments of the code say is true: the generated texts of the page are what the loader and
 * the hot-fix make of its examples, and the constants and files that page and comments name exist, and the constants have the value that is told.
 */

import { deepEqual, equal } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { compilePatch } from "../../../src/live/text/compile.ts";
import { rootScope } from "../../../src/live/text/patched-module.ts";
import { CodeCache } from "../../../src/loader/code-cache.ts";
import type { Image } from "../../../src/loader/weave/image.ts";
import { enclose } from "../../../src/loader/weave/frame.ts";
import { INJECTED_NAMES } from "../../../src/service/surroundings.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readFiles, readPage } from "./page.ts";

const PAGE = readPage("internals.md");

function shown(mark: string): string {
  return readBlocks(PAGE).find((block) => block.mark === mark)?.text ?? "";
}

/** The page breaks long lines and shortens runs of blanks. */
function bare(text: string): string {
  return text.replace(/\s+/g, "");
}

function build(t: TestContext): Image {
  const folder = writeFiles(t, readFiles(PAGE));
  return new CodeCache({ injected: INJECTED_NAMES }).image(`${folder}/shop.ts`);
}

test("a module becomes the text that the page shows", (t) => {
  const { data } = build(t);
  const { prefix, suffix } = enclose(data, "sync");
  equal(bare(shown("woven")), bare(prefix + data.body + suffix));
});

test("a patch becomes the text that the page shows", (t) => {
  const image = build(t);
  const injected = new Set(INJECTED_NAMES);
  const target = {
    image,
    scope: rootScope(image),
    injected,
    hasMethods: true,
    elsewhere: () => "",
  };
  const { code } = compilePatch(shown("patch"), target);
  equal(bare(shown("patched")), bare(code));
});

/** All files of the sources, with and without their comments. */
const SOURCES = (readdirSync("src", { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join("src", name), "utf8") }));

/** Comments, as far as a pattern can tell them. A string that looks like one only makes the test stricter. */
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;

/** A constant: capitals with an underscore. */
const CONSTANT = /\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g;

/** Constants of Node and V8 that comments name. */
const FOREIGN = new Set(["USE_MAIN_CONTEXT_DEFAULT_LOADER"]);

test("a constant that a comment names is in the code", () => {
  const code = SOURCES.map(({ text }) => text.replace(COMMENT, "")).join("\n");
  const known = new Set([...(code.match(CONSTANT) ?? []), ...FOREIGN]);
  const lost = SOURCES.flatMap(({ name, text }) =>
    (text.match(COMMENT) ?? [])
      .flatMap((comment) => comment.match(CONSTANT) ?? [])
      .filter((constant) => !known.has(constant))
      .map((constant) => `${name}: ${constant}`),
  );
  deepEqual(lost, []);
});

/** A file of the project, alone or behind some of its folders. */
const FILE = /(?<![\w./-])(?:[\w-]+\/)*[\w-]+(?:\.test|\.d)?\.(?:ts|mjs)\b/g;

/** Files of users that comments and the page have as examples. */
const EXAMPLES = new Set(["lib/tax.ts", "server.ts", "x.ts", "d051578e7476/shop.ts"]);

test("a file that internals.md or a comment names is there", () => {
  const folders = ["src", "test", "bench", "scripts", "create-snax", "examples", "types"];
  const paths = folders.flatMap((folder) =>
    (readdirSync(folder, { recursive: true }) as string[]).map((name) => `${folder}/${name}`),
  );
  const known = new Set(
    paths.flatMap((path) => {
      const parts = path.split("/");
      return parts.map((_part, index) => parts.slice(index).join("/"));
    }),
  );
  const texts = SOURCES.map(({ name, text }) => [name, (text.match(COMMENT) ?? []).join("\n")]);
  const lost = [["internals.md", PAGE], ...texts].flatMap(([name, text = ""]) =>
    (text.match(FILE) ?? [])
      .filter((file) => !known.has(file) && !EXAMPLES.has(file))
      .map((file) => `${name}: ${file}`),
  );
  deepEqual(lost, []);
});

/** The value of a constant; undefined if it is computed, or not there. */
function valueOf(name: string): number | undefined {
  const definition = new RegExp(`const ${name}(?:: number)? = ([\\d_ *<]+);`);
  const found = SOURCES.map(({ text }) => definition.exec(text)?.[1]).find((text) => text);
  if (found === undefined) return undefined;
  const [one = 0, other] = found.split(/<<|\*/).map((text) => Number(text.replaceAll("_", "")));
  if (other === undefined) return one;
  return found.includes("<<") ? one * 2 ** other : one * other;
}

test("a number of internals.md with its constant behind it is the constant's value", () => {
  const told = [...PAGE.matchAll(/\b(\d[\d,]*) (KiB )?(?:\w+ ){0,3}\(`([A-Z0-9_]+)`\)/g)];
  const wrong = told.filter(([, value = "", isKib, name = ""]) => {
    const number = Number(value.replaceAll(",", "")) * (isKib === undefined ? 1 : 1024);
    return valueOf(name) !== number;
  });
  deepEqual(
    wrong.map(([text]) => text),
    [],
  );
  equal(told.length > 0, true);
});
