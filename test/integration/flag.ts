/** Services that keep their thread until a test says so, so that no test depends on how fast the machine is. */

/** What ends a loop of a service's; its memory is an argument of the call that loops. */
export class Flag {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(4);

  /** Ends the loop. */
  raise(): void {
    Atomics.store(new Int32Array(this.memory), 0, 1);
  }
}

/** The function that a service asks in its loop. */
export const IS_OVER = `
const isOver = (flag: SharedArrayBuffer) => Atomics.load(new Int32Array(flag), 0) === 1;`;
