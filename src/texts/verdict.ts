/**
 * What a diff says: one line for each change, and how far the change reaches what runs.
 */

import type { Extent } from "./moment.ts";

/**
 * What becomes of a change:
 * `same`, nothing to do; `applied`, what runs does as the new text says; `note`, it does so but for what the
 * note says; `reload`, only an instance made anew has it; `refused`, only a restart has it.
 */
export type Verdict = "same" | "applied" | "note" | "reload" | "refused";

const ORDER: readonly Verdict[] = ["same", "applied", "note", "reload", "refused"];

/** Returns the verdict of the worst of several changes. */
export function worstOf(changes: readonly { readonly verdict: Verdict }[]): Verdict {
  const worst = changes.reduce((most, each) => Math.max(most, ORDER.indexOf(each.verdict)), 0);
  return ORDER[worst] ?? "refused";
}

/** A change between the text that runs and the edited one. */
export interface Change {
  readonly verdict: Verdict;
  /** The declaration or the member, as people call it. */
  readonly what: string;
  readonly why: string;
  /** Line of the edited text, from 1; undefined for what is not there any more. */
  readonly line: number | undefined;
}

/** What an edit of one module does to what runs. */
export interface ModuleDiff {
  readonly file: string;
  readonly verdict: Verdict;
  readonly changes: readonly Change[];
  /**
   * The patch that carries the edit over: the edited text with everything blanked that has not changed,
   * so that its lines are those of the edited file. Undefined if there is nothing to apply.
   */
  readonly patch: string | undefined;
}

/** Collects what an edit changes, and which parts of the edited text the patch keeps. */
export class DiffWriter {
  readonly changes: Change[] = [];
  readonly #edited: string;
  readonly #kept: (Extent & { readonly text: string | undefined })[] = [];
  readonly #helpers: (Extent & { readonly text: string | undefined })[] = [];
  readonly #steps: string[] = [];
  /** By path, with what changes call it. */
  readonly #deletions = new Map<string, string>();
  #lines: number[] | undefined = undefined;

  constructor(edited: string) {
    this.#edited = edited;
  }

  /** Notes a change; `at` is its offset in the edited text. */
  say(verdict: Verdict, what: string, why: string, at?: number): void {
    const line = at === undefined ? undefined : this.#lineOf(at);
    this.changes.push({ verdict, what, why, line });
  }

  /** Keeps a part of the edited text in the patch, as it is there or as another text. */
  keep({ start, end }: Extent, text?: string): void {
    this.#kept.push({ start, end, text });
  }

  /** Keeps a part that does nothing by itself: an import, a type. Without anything else there is no patch. */
  keepLater({ start, end }: Extent, text?: string): void {
    this.#helpers.push({ start, end, text });
  }

  /** Has the patch do something in `hotfix()`. */
  step(statement: string): void {
    this.#steps.push(statement);
  }

  /** Has the patch take something away. */
  delete(path: string, what: string): void {
    this.#deletions.set(path, what);
  }

  /** Takes the deletion of a name back. */
  keepName(name: string, why: string): void {
    const what = this.#deletions.get(name);
    if (what === undefined) return;
    this.#deletions.delete(name);
    const index = this.changes.findIndex((each) => each.what === what && each.line === undefined);
    this.changes.splice(index, 1, { verdict: "note", what, why, line: undefined });
  }

  /** The names that the patch takes away. */
  get deletedNames(): string[] {
    return [...this.#deletions.keys()].filter((path) => !path.includes("."));
  }

  /** Whether the patch would do anything. */
  get isEmpty(): boolean {
    return this.#kept.length + this.#steps.length + this.#deletions.size === 0;
  }

  /** Returns the text of the patch. */
  finish(): string {
    const kept = [...this.#kept, ...this.#helpers].toSorted(
      (a, b) => a.start - b.start || b.end - a.end,
    );
    let patch = "";
    let at = 0;
    for (const { start, end, text } of kept) {
      // What is in a part that is kept already is there.
      if (start < at) continue;
      patch += blank(this.#edited.slice(at, start)) + (text ?? this.#edited.slice(start, end));
      at = end;
    }
    patch += blank(this.#edited.slice(at));
    const steps =
      this.#steps.length === 0
        ? []
        : ["export function hotfix() {", ...this.#steps.map((step) => `  ${step}`), "}"];
    const deletions = [...this.#deletions.keys()].map((path) => `delete ${path};`);
    const tail = [...deletions, ...steps];
    const body = patch.trimEnd();
    return tail.length === 0 ? `${body}\n` : `${body}\n${tail.join("\n")}\n`;
  }

  #lineOf(at: number): number {
    this.#lines ??= [...this.#edited.matchAll(/\r\n|[\n\r\u2028\u2029]/g)].map((end) => end.index);
    const { length } = this.#lines.filter((end) => end < at);
    return length + 1;
  }
}

/** Line ends stay, and the column of what comes behind: a big file with a small change has a small patch. */
function blank(text: string): string {
  const end = /[^\n\r\u2028\u2029]*$/.exec(text)?.index ?? text.length;
  return text.slice(0, end).replace(/[^\n\r\u2028\u2029]/g, "") + " ".repeat(text.length - end);
}
