/**
 * The options of the user's project that say what a transformed text does.
 */

import { dirname } from "node:path";
import { Tsconfigs } from "../resolve/tsconfig.ts";

/** Named as in a `tsconfig.json`. */
export interface TransformOptions {
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
  readonly useDefineForClassFields: boolean;
  readonly verbatimModuleSyntax?: boolean;
  readonly jsx?: string;
  readonly jsxFactory?: string;
  readonly jsxFragmentFactory?: string;
  readonly jsxImportSource?: string;
}

const SAME = [
  "experimentalDecorators",
  "emitDecoratorMetadata",
  "verbatimModuleSyntax",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
] as const;

/**
 * Reads the options for a file.
 *
 * @throws {ERR_SYNTAX} or {ERR_MODULE} if its `tsconfig.json` can't be read.
 */
export function readTransformOptions(file: string): TransformOptions {
  // Without a configuration a field is what it is in a text that is only blanked.
  const config = new Tsconfigs().find(dirname(file));
  if (config === undefined) return { useDefineForClassFields: true };
  const options: Record<string, unknown> = { useDefineForClassFields: config.definesFields };
  for (const name of SAME) if (config[name] !== undefined) options[name] = config[name];
  return options as unknown as TransformOptions;
}
