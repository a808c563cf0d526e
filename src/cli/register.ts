/**
 * `node --import snax/register program.ts`: lets Node run TypeScript on releases that do not by
 * themselves (before 22.18).
 *
 * For programs and tests; services are TypeScript on every release. Where Node strips types itself
 * this does nothing.
 */

import { register } from "node:module";

// Not in the types of Node 20.
const { typescript } = process.features as { readonly typescript?: unknown };
if (typescript === undefined || typescript === false)
  register("./register-hooks.js", import.meta.url);
