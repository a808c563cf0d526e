/**
 * The schemas of the example for programs of Node. They run from `dist/client`, two folders below `proto`.
 */

import { readFileSync } from "node:fs";
import { sproto } from "snax/sproto";
import type { C2s } from "../proto/c2s.ts";
import type { S2c } from "../proto/s2c.ts";
import type { Schemas } from "./client.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../proto/${name}.sproto`, import.meta.url), "utf8");

/** Reads the schemas. */
export function readSchemas(): Schemas {
  return { c2s: sproto.parse<C2s>(read("c2s")), s2c: sproto.parse<S2c>(read("s2c")) };
}
