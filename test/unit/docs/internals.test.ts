/** The generated texts that docs/internals.md shows are what the loader and the hot-fix make of its examples. */

import { equal } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { compilePatch } from "../../../src/live/patch-code.ts";
import { rootScope } from "../../../src/live/name-scope.ts";
import { CodeCache } from "../../../src/loader/code-cache.ts";
import type { Image } from "../../../src/loader/image.ts";
import { INJECTED_NAMES } from "../../../src/service/surroundings.ts";
import { writeFiles } from "../../integration/world.ts";
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
  const { prefix, body, suffix } = build(t).data;
  equal(bare(shown("woven")), bare(prefix + body + suffix));
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
