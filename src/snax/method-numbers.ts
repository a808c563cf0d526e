/**
 * The numbers that stand for methods in messages, per type of service.
 *
 * Numbers are handed out by group and name when either side first needs one, and only ever appended, so that callers bound
 * before a `clearcache` or a patch still reach the right method. The first four are snax's system methods.
 */

/** The two groups of methods: those that answer and those that don't. */
export type Group = "response" | "accept";

/** The numbers of snax's system methods. */
export const SYSTEM_METHOD = { init: 1, exit: 2, hotfix: 3, profile: 4 } as const;

const FIRST_FREE = 5;

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

  constructor(type: string) {
    this.type = type;
  }

  /** Returns the number of a method, handing out a new one if it has none; 0 if there are METHODS_MAX already. */
  numberOf(group: Group, name: string): number {
    const numbers = group === "response" ? this.#response : this.#accept;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length >= METHODS_MAX) return 0;
    const number = FIRST_FREE + this.#names.length;
    numbers.set(name, number);
    this.#names.push({ group, name });
    return number;
  }

  /** One more than the last number handed out. */
  get end(): number {
    return FIRST_FREE + this.#names.length;
  }

  /** Returns which method a number stands for. */
  nameOf(number: number): MethodName | undefined {
    return this.#names[number - FIRST_FREE];
  }

  /** Notes that services of this type have the method. */
  offer(number: number): void {
    this.#offered.add(number);
  }

  /** Says whether some service of this type has had the method; undefined as long as none has begun. */
  isOffered(group: Group, name: string): boolean | undefined {
    if (this.#offered.size === 0) return undefined;
    const numbers = group === "response" ? this.#response : this.#accept;
    const number = numbers.get(name);
    return number !== undefined && this.#offered.has(number);
  }

  /** All methods that services of this type have had, by number. */
  *offered(): Generator<[number, MethodName]> {
    for (const number of this.#offered) {
      const name = this.nameOf(number);
      if (name !== undefined) yield [number, name];
    }
  }
}

/** The methods of all types of a node. */
export class MethodTable {
  readonly #types = new Map<string, MethodNumbers>();

  /** Returns the numbers of a type. */
  of(type: string): MethodNumbers {
    let numbers = this.#types.get(type);
    if (numbers === undefined) {
      numbers = new MethodNumbers(type);
      this.#types.set(type, numbers);
    }
    return numbers;
  }
}
