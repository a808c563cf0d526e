/**
 * A patch compiled for every kind of service that it meets: by program, and by the names that
 * earlier patches have added.
 *
 * Services of a type are almost always alike, so the table has one or two entries however many
 * there are. A service that got the same text before, as a canary, is passed over, and does
 * not keep the patch from all others.
 */

import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import { scopeIn } from "../text/patched-module.ts";
import type { NameScope } from "../text/patched-module.ts";
import type { PatchPart, PatchTexts } from "../text/compile.ts";
import { findNode } from "../text/module-search.ts";
import { compileParts } from "../text/compile.ts";

interface Variant {
  readonly program: Program;
  /** The patched modules and the scope of each. */
  readonly scopes: readonly (readonly [node: ModuleNode, scope: NameScope])[];
  /** Undefined if these services have the patch already. */
  readonly parts: readonly PatchPart[] | undefined;
}

/** The variants of one patch. */
export class VariantTable {
  readonly #texts: PatchTexts;
  readonly #apiNames: ReadonlySet<string>;
  readonly #variants: Variant[] = [];

  /** @param apiNames - what a patch may import from "snax". */
  constructor(texts: PatchTexts, apiNames: ReadonlySet<string>) {
    this.#texts = texts;
    this.#apiNames = apiNames;
  }

  /** Returns the parts for a service; undefined if it is to be passed over. */
  find(context: Context): readonly PatchPart[] | undefined {
    return this.#variantOf(context)?.parts;
  }

  /** Says whether a service has code of a kind that was not compiled. */
  lacks(context: Context): boolean {
    return context.code !== undefined && this.#variantOf(context) === undefined;
  }

  /** Says why a service is passed over. */
  reasonToSkip(context: Context): string {
    return context.code === undefined
      ? "it is born with the patch"
      : "it has this patch already, and the names that it adds";
  }

  /**
   * Compiles for services like this one.
   *
   * @throws what {@link compileParts} throws.
   */
  async compile({ code, kind }: Context): Promise<void> {
    if (code === undefined) return;
    const { program } = code;
    const nodes = [...this.#texts].map(([path, text]) => ({ node: findNode(program, path), text }));
    const scopes = nodes.map(({ node }) => [node, scopeIn(code, node)] as const);
    const isDone = nodes.every(({ node, text }) => scopeIn(code, node).hasHad(text));
    const target = {
      program,
      scopeOf: (node: ModuleNode) => scopeIn(code, node),
      hasMethods: kind === SNAX_KIND,
      apiNames: this.#apiNames,
    };
    const parts = isDone ? undefined : await compileParts(this.#texts, target);
    this.#variants.push({ program, scopes, parts });
  }

  #variantOf({ code }: Context): Variant | undefined {
    if (code === undefined) return undefined;
    for (const variant of this.#variants) {
      if (variant.program !== code.program) continue;
      if (variant.scopes.every(([node, scope]) => scopeIn(code, node) === scope)) return variant;
    }
    return undefined;
  }
}
