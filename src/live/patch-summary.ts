/**
 * What a patch does, in one line for the log: whoever reads it sees at once whether it replaced what was meant.
 */

import { suggest } from "../base/suggestion.ts";
import type { PatchPlan } from "./patch-plan.ts";
import type { PatchTarget } from "./patch-target.ts";

/** Lists what a patch replaces and adds; a new name that nothing uses is held against the names that exist. */
export function summarise(plan: PatchPlan, { scope }: PatchTarget): string {
  const replaced = [...plan.replaced].map(([name, kind]) =>
    kind === "class" ? `class ${name}` : name,
  );
  for (const [group, methods] of plan.methods) {
    for (const method of methods) replaced.push(`${group}.${method}`);
  }
  const used = new Set(plan.analysis.references.map(({ name }) => name));
  const added = [...plan.fresh].flatMap(([name, { kind }]) => {
    if (kind === "import") return [];
    const hint = used.has(name) ? "" : suggest(name, scope.names());
    return [hint === "" ? name : `${name} (which nothing uses${hint})`];
  });
  const parts = [
    ...(replaced.length > 0 ? [`sets ${replaced.join(", ")}`] : []),
    ...(added.length > 0 ? [`adds ${added.join(", ")}`] : []),
    ...(plan.items.some((item) => item.kind === "step" && item.name === "hotfix")
      ? ["runs hotfix()"]
      : []),
  ];
  return parts.length > 0 ? parts.join("; ") : "changes nothing";
}
