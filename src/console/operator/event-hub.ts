/**
 * What happens on a node, for those who watch it: lines of the log, births and deaths, patches.
 *
 *     any thread -> the end of the log -> hub (main thread) -> one text for all watchers -> event-stream.ts
 *
 * Without a watcher a line costs one look at an empty set. Lines that the level of the log leaves out are no events.
 */

import { hostname } from "node:os";
import { EVENT_TEXT_MAX } from "../../base/limits.ts";
import type { Level } from "../../base/log-level.ts";
import type { LogLine } from "../../base/log-line.ts";
import { LogFormatter } from "../../base/log-line.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { LiveThread } from "../../live/rollout/live-thread.ts";
import type { PatchRecord } from "../../snax/types.ts";

/** The kinds of events. */
export const EVENT_KINDS = ["log", "life", "patch"] as const;

/** A kind of events: `life` is a birth or a death, `log` any other line of the log. */
export type EventKind = (typeof EVENT_KINDS)[number];

/** An event. */
export interface NodeEvent {
  readonly kind: EventKind;
  /** Of a line; a patch is told of at any. */
  readonly level: Level | undefined;
  /** The service that it is about; 0 = none. */
  readonly handle: number;
  /** As it is sent: `event: ...` and `data: ...`. */
  readonly text: string;
}

/** Takes an event. */
export type Watcher = (event: NodeEvent) => void;

/** The events of a node, on its main thread. */
export class EventHub {
  readonly #live: LiveThread;
  readonly #watchers = new Set<Watcher>();
  #format: LogFormatter | undefined;
  readonly #takeLine = (line: LogLine): void => this.#line(line);
  readonly #takePatch = (record: PatchRecord): void => this.#patch(record);

  constructor(live: LiveThread) {
    this.#live = live;
  }

  /** How many watch. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Begins to give events to a watcher. @returns a function that ends that */
  watch(watcher: Watcher): () => void {
    const { runtime, ledger } = this.#live;
    this.#watchers.add(watcher);
    runtime.lineTaps.add(this.#takeLine);
    ledger.watchers.add(this.#takePatch);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      runtime.lineTaps.delete(this.#takeLine);
      ledger.watchers.delete(this.#takePatch);
    };
  }

  #line(line: LogLine): void {
    const { text, handle, level, isPlain } = line;
    const kind = !isPlain && /^(?:LAUNCH|KILL) /.test(text) ? "life" : "log";
    const shown = text.length > EVENT_TEXT_MAX ? `${text.slice(0, EVENT_TEXT_MAX)}...` : text;
    this.#format ??= this.#formatter();
    const data = this.#format.format(Date.now(), { ...line, text: shown }, false, false);
    this.#give({ kind, level, handle, text: `event: ${kind}\ndata: ${data}\n\n` });
  }

  #patch({ id, target, applied, failed, time, by, takesBack, targets, fleet }: PatchRecord): void {
    const shown = {
      id,
      target,
      targets,
      applied,
      failed,
      time,
      by: formatAddress(by),
      takesBack,
      fleet,
    };
    const text = `event: patch\ndata: ${JSON.stringify(shown)}\n\n`;
    this.#give({ kind: "patch", level: undefined, handle: 0, text });
  }

  #give(event: NodeEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  #formatter(): LogFormatter {
    const node = this.#live.runtime.environment.get("node");
    const name = typeof node === "string" ? node : hostname();
    return new LogFormatter({ isJson: true, node: name, address: formatAddress });
  }
}
