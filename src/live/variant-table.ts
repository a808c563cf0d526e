/**
 * A patch compiled for every kind of service that it meets: by program, and by the names that earlier patches have added.
 *
 * Services of a type are almost always alike, so the table has one or two entries however many there are.
 */

import type { Program } from "../loader/program.ts";
import type { Context } from "../service/context.ts";
import { scopeIn } from "./apply.ts";
import type { PatchPart, PatchTexts } from "./patch.ts";
import { compileParts } from "./patch.ts";

interface Variant {
  readonly program: Program;
  readonly parts: readonly PatchPart[];
}

/** The variants of one patch. */
export class VariantTable {
  readonly #texts: PatchTexts;
  readonly #variants: Variant[] = [];

  constructor(texts: PatchTexts) {
    this.#texts = texts;
  }

  /** Returns the parts for a service; undefined if it has no code yet, or its kind was not compiled. */
  find({ code }: Context): readonly PatchPart[] | undefined {
    if (code === undefined) return undefined;
    const { program } = code;
    for (const variant of this.#variants) {
      const fits = ({ node, scope }: PatchPart): boolean => scopeIn(code, node) === scope;
      if (variant.program === program && variant.parts.every(fits)) return variant.parts;
    }
    return undefined;
  }

  /** Says whether a service has code of a kind that was not compiled. */
  lacks(context: Context): boolean {
    return context.code !== undefined && this.find(context) === undefined;
  }

  /** Compiles for services like this one. */
  async compile({ code }: Context): Promise<void> {
    if (code === undefined) return;
    const { program } = code;
    const parts = await compileParts(this.#texts, program, (node) => scopeIn(code, node), true);
    this.#variants.push({ program, parts });
  }
}
