/**
 * The types of what was saved: looked at after it runs, by a process of its own, and stopping nothing.
 *
 * Files that are saved while the compiler is at work are checked together behind that, as they are then.
 */

import type { Operator } from "../../console/operator/operator.ts";
import { readDisk, showPath } from "../../console/repair/source-texts.ts";
import { hasTypes } from "../../console/repair/type-check.ts";
import type { CheckAnswer, CheckError, CheckModule, CheckPatch } from "../../check/question.ts";
import type { RunningGroup, RunningModule } from "../../live/operate/running-texts.ts";
import { messageOf } from "../../service/error-text.ts";
import { shorten } from "./report.ts";

/** Files of one check; of a checkout the rest is left to `tsc`. */
const FILES_MAX = 20;

/** Errors that are told. */
const ERRORS_MAX = 20;

const TYPED = /\.[cm]?ts$/;

/** Checks saves, one after the other. */
export class SaveTypes {
  readonly #operator: Operator;
  readonly #tell: (line: string) => void;
  /** What waits for a check, as it ran before it was saved. */
  #waiting = new Map<string, RunningModule>();
  #groups: readonly RunningGroup[] = [];
  #isBusy = false;
  #hasErrors = false;
  /** Why nothing could be checked, as it was told last. */
  #why = "";

  constructor(operator: Operator, tell: (line: string) => void) {
    this.#operator = operator;
    this.#tell = tell;
  }

  /**
   * Has files checked.
   *
   * @param groups - what ran before.
   * @param files - those that were saved, and differ from that.
   */
  check(groups: readonly RunningGroup[], files: Iterable<string>): void {
    if (this.#operator.runtime.environment.get("typecheck") === "off") return;
    const modules = new Map(groups.flatMap((each) => each.modules.map((one) => [one.file, one])));
    for (const file of files) {
      const module = modules.get(file);
      if (module === undefined || !TYPED.test(file)) continue;
      const group = groups.find((each) => each.modules.includes(module));
      if (group === undefined || !hasTypes([group])) continue;
      if (!this.#waiting.has(file)) this.#waiting.set(file, module);
    }
    this.#groups = groups;
    if (!this.#isBusy && this.#waiting.size > 0) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.size > 0) {
      const modules = [...this.#waiting.values()];
      this.#waiting = new Map();
      try {
        await this.#ask(modules);
      } catch (error) {
        this.#tellUnchecked(messageOf(error));
      }
    }
    this.#isBusy = false;
  }

  async #ask(all: readonly RunningModule[]): Promise<void> {
    const { root } = this.#operator.runtime.paths;
    const modules: CheckModule[] = [];
    const patches: CheckPatch[] = [];
    for (const { file, text, isService } of all.slice(0, FILES_MAX)) {
      const edited = readDisk({ file });
      if (text === undefined || edited === undefined) continue;
      modules.push({ file, text, isService });
      patches.push({ file, text: edited, shown: showPath(root, file), source: file });
    }
    const running = new Map<string, string>();
    for (const each of this.#groups.flatMap((group) => group.modules)) {
      if (each.text !== undefined) running.set(each.file, each.text);
    }
    const checker = await this.#operator.thread.checker();
    const texts = [...running].map(([file, text]) => ({ file, text }));
    this.#report(await checker.check({ modules, patches, running: texts }), all.length);
  }

  #report(answer: CheckAnswer, count: number): void {
    if (answer.kind === "unchecked") return this.#tellUnchecked(answer.why);
    this.#why = "";
    const { errors, more } = answer;
    const lines = errors.map((error) => this.#print(error));
    for (const line of shorten(lines, ERRORS_MAX, "type errors")) this.#tell(`  ${line}`);
    if (more > 0) this.#tell(`  and ${more} more type errors`);
    if (count > FILES_MAX) this.#tell(`  types of ${count - FILES_MAX} more files are not checked`);
    if (errors.length === 0 && this.#hasErrors) this.#tell("  no type errors any more");
    this.#hasErrors = errors.length > 0;
  }

  /** The same reason is told once. */
  #tellUnchecked(why: string): void {
    if (why !== this.#why) this.#tell(`  types are not checked: ${this.#name(why)}`);
    this.#why = why;
  }

  #print({ where, file, line, column, code, text }: CheckError): string {
    const place = line === 0 ? "" : `:${line}:${column}`;
    const words = where === "patch" ? "type error" : "type error elsewhere";
    return `${words} ${this.#name(file)}${place}: ${text} (${code})`;
  }

  #name(text: string): string {
    return text.replaceAll(`${this.#operator.runtime.paths.root}/`, "");
  }
}
