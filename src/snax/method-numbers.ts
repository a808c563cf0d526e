/**
 * The numbers that stand for methods in messages, per type of service.
 *
 * Numbers are handed out by group and name when either side first needs one, and only ever
 * appended, so that callers bound before a `clearcache` or a patch still reach the right method.
 * The first four are snax's system methods.
 *
 * Where a node has several threads they agree by a shared log: a thread that needs a new number
 * enters the name, and all read the entries in one order.
 */

import { LOG_KIND } from "../fabric/node-memory.ts";
import type { SharedLog } from "../fabric/shared-log.ts";
import type { WireNumbers } from "./wire-numbers.ts";

/** The two groups of methods: those that answer and those that don't. */
export type Group = "response" | "accept";

/** The exports of a service file that hold methods, with the group that each belongs to. */
export const GROUP_EXPORTS: readonly (readonly [name: string, group: Group])[] = [
  ["response", "response"],
  ["accept", "accept"],
  ["subscribe", "accept"],
];

/** The numbers of snax's system methods. */
export const SYSTEM_METHOD = { init: 1, exit: 2, hotfix: 3, profile: 4 } as const;

/** The number of the first method of a type. */
export const FIRST_METHOD = 5;

/** Most methods of one type, so that a caller of made-up names can't fill the memory. */
export const METHODS_MAX = 65536;

/** Which method a number stands for. */
export interface MethodName {
  readonly group: Group;
  readonly name: string;
}

/** The methods of one type. */
export class MethodNumbers {
  readonly type: string;
  readonly #response = new Map<string, number>();
  readonly #accept = new Map<string, number>();
  readonly #names: MethodName[] = [];
  readonly #offered = new Set<number>();
  readonly #log: SharedLog | undefined;
  /** The numbers on skynet's wire, and the text that they were read from. */
  #wire: { readonly text: string; readonly numbers: WireNumbers } | undefined = undefined;

  /** @param log - what the threads of a node agree by. @defaultValue there is one thread */
  constructor(type: string, log?: SharedLog) {
    this.type = type;
    this.#log = log;
  }

  /**
   * Returns the number of a method, handing out a new one if it has none; 0 if there are
   * METHODS_MAX already, or the log of the threads is full.
   */
  numberOf(group: Group, name: string): number {
    const numbers = this.#numbers(group);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (this.#log === undefined) this.note(group, name);
    else {
      const isNew = (): boolean => !numbers.has(name) && this.#names.length < METHODS_MAX;
      this.#log.add(LOG_KIND.method, () =>
        isNew() ? Buffer.from(`${group}\0${this.type}\0${name}`) : undefined,
      );
    }
    return numbers.get(name) ?? 0;
  }

  /** Gives a method the next number, as some thread has decided. */
  note(group: Group, name: string): void {
    if (this.#names.length >= METHODS_MAX) return;
    this.#numbers(group).set(name, FIRST_METHOD + this.#names.length);
    this.#names.push({ group, name });
  }

  /**
   * Returns the numbers on skynet's wire that a text of the type gives.
   *
   * @param read - reads them, if they have not been read
   */
  wireNumbersOf(text: string, read: () => WireNumbers): WireNumbers {
    if (this.#wire?.text !== text) this.#wire = { text, numbers: read() };
    return this.#wire.numbers;
  }

  #numbers(group: Group): Map<string, number> {
    return group === "response" ? this.#response : this.#accept;
  }

  /** One more than the last number handed out. */
  get end(): number {
    return FIRST_METHOD + this.#names.length;
  }

  /** Returns which method a number stands for. */
  nameOf(number: number): MethodName | undefined {
    if (number >= this.end) this.#log?.sync();
    return this.#names[number - FIRST_METHOD];
  }

  /** Notes that services of this type have the method. */
  offer(number: number): void {
    if (this.#offered.has(number)) return;
    if (this.#log === undefined) return this.noteOffer(number);
    this.#log.add(LOG_KIND.offer, () =>
      this.#offered.has(number) ? undefined : Buffer.from(`${this.type}\0${number}`),
    );
  }

  /** Notes what some thread has learnt: see {@link MethodNumbers.offer}. */
  noteOffer(number: number): void {
    this.#offered.add(number);
  }

  /**
   * Says whether some service of this type has had the method; undefined as long as none has begun.
   */
  isOffered(group: Group, name: string): boolean | undefined {
    this.#log?.sync();
    if (this.#offered.size === 0) return undefined;
    const number = this.#numbers(group).get(name);
    return number !== undefined && this.#offered.has(number);
  }

  /** All methods that services of this type have had, by number. */
  *offered(): Generator<[number, MethodName]> {
    this.#log?.sync();
    for (const number of this.#offered) {
      const name = this.nameOf(number);
      if (name !== undefined) yield [number, name];
    }
  }
}

/** The methods of all types of a node. */
export class MethodTable {
  readonly #types = new Map<string, MethodNumbers>();
  readonly #log: SharedLog | undefined;

  /** @param log - what the threads of a node agree by. @defaultValue there is one thread */
  constructor(log?: SharedLog) {
    this.#log = log;
    log?.on(LOG_KIND.method, (bytes) => {
      const [group, type, name] = split(bytes, 3);
      this.of(type as string).note(group as Group, name as string);
    });
    log?.on(LOG_KIND.offer, (bytes) => {
      const [type, number] = split(bytes, 2);
      this.of(type as string).noteOffer(Number(number));
    });
  }

  /** Returns the numbers of a type. */
  of(type: string): MethodNumbers {
    let numbers = this.#types.get(type);
    if (numbers === undefined) {
      numbers = new MethodNumbers(type, this.#log);
      this.#types.set(type, numbers);
    }
    return numbers;
  }
}

/** Takes an entry of the log apart; the last part may hold any character. */
function split(bytes: Uint8Array, count: number): string[] {
  const parts = Buffer.from(bytes).toString().split("\0");
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join("\0")];
}
