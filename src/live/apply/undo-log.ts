/**
 * What has been done so far, and how each step is taken back.
 *
 * Steps are undone last first. Each notes its undoing *before* it changes anything, so that a step
 * that fails half-way is undone as well.
 */
export class UndoLog {
  readonly #steps: (() => void)[] = [];

  /** Notes how the step that follows is taken back. */
  note(undo: () => void): void {
    this.#steps.push(undo);
  }

  /**
   * Takes everything back.
   *
   * @returns what could not be taken back; empty unless the service's own objects resist (frozen
   * meanwhile).
   */
  undo(): unknown[] {
    const failures: unknown[] = [];
    for (let undo = this.#steps.pop(); undo !== undefined; undo = this.#steps.pop()) {
      try {
        undo();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
