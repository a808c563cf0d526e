/** The pauses of a thread, as whoever asks for one gets them. */

import type { InspectorLink, Paused } from "./inspector-link.ts";
import { within } from "./inspector-link.ts";

/** The pauses of a thread, one at a time. */
export class PauseQueue {
  /** The thread has paused although nobody here has asked for it. */
  isPaused = false;
  #next: (paused: Paused) => void = () => {
    this.isPaused = true;
  };

  constructor(link: InspectorLink) {
    link.onPaused = (paused) => this.#next(paused);
  }

  /** Does something and waits for the pause that follows from it. @returns undefined if none does in time. */
  after(ms: number, act: () => void): Promise<Paused | undefined> {
    const paused = new Promise<Paused>((resolve) => {
      this.#next = resolve;
    });
    act();
    return within(ms, paused);
  }
}
