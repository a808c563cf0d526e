/**
 * What docs/internals.md and the comments of the code say is true: the generated texts of the page are what the loader and
 * the hot-fix make of its examples, and the constants that page and comments name exist and have the value that is told.
 */

import { deepEqual, equal } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { compilePatch } from "../../../src/live/text/patch-code.ts";
import { rootScope } from "../../../src/live/text/name-scope.ts";
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

test("a number of internals.md with its constant behind it is the constant's value", () => {
  const told = [...PAGE.matchAll(/(\d+) (?:ms|bytes) \(`([A-Z0-9_]+)`\)/g)];
  const wrong = told.filter(([, value = "", name = ""]) => {
    const definition = new RegExp(`const ${name}(?:: number)? = ([\\d_]+);`);
    const found = SOURCES.map(({ text }) => definition.exec(text)?.[1]).find((text) => text);
    return found?.replaceAll("_", "") !== value;
  });
  deepEqual(
    wrong.map(([text]) => text),
    [],
  );
  equal(told.length > 0, true);
});
