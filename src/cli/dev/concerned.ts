/**
 * The part of a program that an edit concerns: the edited modules and those that import them, however indirectly.
 *
 * What the others do with members, such as a method that is held, is read once and kept as long as their texts stay: to
 * take five hundred modules apart for each save would take longer than all the rest.
 */

import type { RunningGroup, RunningModule } from "../../live/operate/running-texts.ts";
import type { MemberUses } from "../../texts/edit-scene.ts";
import { joinUses, readUses } from "../../texts/edit-scene.ts";
import type { ModuleText, ReadText } from "../../texts/module-text.ts";
import { readModuleText } from "../../texts/module-text.ts";

interface Known {
  readonly text: string;
  readonly uses: MemberUses;
}

/** Texts that are kept taken apart: what one save has read, the next one begins with. */
const TEXTS_KEPT = 32;

/** Finds the parts of programs. */
export class ConcernedModules {
  readonly #known = new Map<string, Known>();
  /** What was taken apart last is at the end. */
  readonly #texts = new Map<string, ModuleText>();

  /** Takes a text apart, unless that was done a moment ago. @throws {ERR_SYNTAX} if it is not valid */
  readonly read: ReadText = (text, file, options) => {
    const key = `${options?.isService}\0${file}\0${text}`;
    const module = this.#texts.get(key) ?? readModuleText(text, file, options);
    this.#texts.delete(key);
    this.#texts.set(key, module);
    for (const [oldest] of this.#texts) {
      if (this.#texts.size <= TEXTS_KEPT) break;
      this.#texts.delete(oldest);
    }
    return module;
  };

  /** Returns a group with the modules that an edit concerns, its own file first, and what the others do. */
  of(
    group: RunningGroup,
    edited: ReadonlyMap<string, string>,
  ): { readonly group: RunningGroup; readonly others: MemberUses } {
    const { modules } = group;
    const concerned = importersOf(modules, edited);
    const rest = modules.filter(({ file }) => !concerned.has(file));
    const uses = rest.map((module) => this.#usesOf(module));
    const kept = modules.filter(({ file }) => concerned.has(file));
    return { group: { ...group, modules: kept }, others: joinUses(...uses) };
  }

  #usesOf(module: RunningModule): MemberUses | undefined {
    const { file, text = "", isService } = module;
    const known = this.#known.get(file);
    if (known?.text === text) return known.uses;
    let uses: MemberUses = { taken: new Set(), assigned: new Set() };
    try {
      if (!file.endsWith(".json")) uses = readUses([this.read(text, file, { isService })]);
    } catch {
      // What needs the project's compiler is not looked at by a comparison either.
    }
    this.#known.set(file, { text, uses });
    return uses;
  }
}

function importersOf(
  modules: readonly RunningModule[],
  edited: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  for (const { file, links } of modules) {
    for (const target of links.values()) {
      const known = importers.get(target);
      if (known === undefined) importers.set(target, [file]);
      else known.push(file);
    }
  }
  const found = new Set<string>();
  const queue = modules.map(({ file }) => file).filter((file) => edited.has(file));
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    queue.push(...(importers.get(file) ?? []));
  }
  return found;
}
