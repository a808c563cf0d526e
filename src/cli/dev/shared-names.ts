/**
 * The names that shared modules export only since they were patched.
 *
 * A shared module stays the one that was loaded, so what is linked anew does not find them: who imports such a name has to
 * go on with the program that it has, to which patches give it.
 */

import type { RunningGroup, RunningModule } from "../../live/operate/running-texts.ts";
import { readModuleText } from "../../texts/module-text.ts";

/** What shared modules exported when they were loaded. */
export class SharedNames {
  readonly #exports = new Map<string, ReadonlySet<string>>();

  /**
   * Notes that shared modules were patched.
   *
   * @param groups - what ran before.
   */
  note(groups: readonly RunningGroup[], patched: readonly string[]): void {
    for (const { modules } of groups) {
      for (const module of modules) {
        const { file } = module;
        if (!patched.includes(file) || this.#exports.has(file)) continue;
        this.#exports.set(file, new Set(readText(module)?.exports.map(({ name }) => name)));
      }
    }
  }

  /**
   * Lists the files of services that import a name which is linked to nothing.
   *
   * @param texts - what modules run by now, where it is not what the group says
   */
  filesInUse(
    groups: readonly RunningGroup[],
    texts: ReadonlyMap<string, string>,
  ): ReadonlySet<string> {
    const found = new Set<string>();
    if (this.#exports.size === 0) return found;
    for (const { modules } of groups) {
      const isOne = modules.some((module) => this.#importsNew(module, texts.get(module.file)));
      if (isOne) for (const { file } of modules) found.add(file);
    }
    return found;
  }

  #importsNew(module: RunningModule, text: string | undefined): boolean {
    const { links } = module;
    if (![...links.values()].some((file) => this.#exports.has(file))) return false;
    const imports = readText({ ...module, text: text ?? module.text })?.imports ?? [];
    return imports.some(({ specifier, imported, isUsed }) => {
      const names = this.#exports.get(links.get(specifier) ?? "");
      return isUsed && names !== undefined && imported !== "*" && !names.has(imported);
    });
  }
}

function readText({
  text,
  file,
  isService,
}: RunningModule): ReturnType<typeof readModuleText> | undefined {
  try {
    return readModuleText(text ?? "", file, { isService });
  } catch {
    // What needs the project's compiler gets no patch that would add a name.
    return undefined;
  }
}
