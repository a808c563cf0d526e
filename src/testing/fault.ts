/**
 * Named faults, after FoundationDB's BUGGIFY: points in the code where something may go wrong on
 * purpose.
 *
 * Chance enters twice. Each run first draws which points are active at all, then an active point
 * fires by its own chance. So one run is full of deaths and has no slow link, the next the other
 * way round, and rare combinations turn up that a single chance for everything would never reach.
 */

import { SnaxError } from "../base/error.ts";
import type { Random } from "../base/random.ts";

/** A place where something may go wrong. */
export interface FaultPoint {
  /** `subject.event`, e.g. `service.kill`. */
  readonly name: string;
  /** How often it fires where it is active, 0..1. */
  readonly chance: number;
}

/** Which points a run may activate: drawn by chance, all, none, or those of the names given. */
export type FaultChoice = "drawn" | "all" | "none" | readonly string[];

/** How likely a point is active in a run that draws. */
const ACTIVATION_CHANCE = 0.5;

/** The faults of one run. */
export class FaultPlan {
  readonly #random: Random;
  readonly #choice: FaultChoice;
  readonly #isActive = new Map<string, boolean>();
  readonly #fired = new Map<string, number>();

  constructor(random: Random, choice: FaultChoice) {
    this.#random = random;
    this.#choice = choice;
  }

  /** Says whether the fault happens here and now. */
  fires(point: FaultPoint): boolean {
    let isActive = this.#isActive.get(point.name);
    if (isActive === undefined) {
      isActive = this.#draw(point.name);
      this.#isActive.set(point.name, isActive);
    }
    if (!isActive || this.#random.next() >= point.chance) return false;
    this.#fired.set(point.name, (this.#fired.get(point.name) ?? 0) + 1);
    return true;
  }

  /** How often each fault has happened in this run, by name; those that have not are absent. */
  get fired(): ReadonlyMap<string, number> {
    return this.#fired;
  }

  #draw(name: string): boolean {
    if (this.#choice === "drawn") return this.#random.next() < ACTIVATION_CHANCE;
    return this.#choice === "all" || (this.#choice !== "none" && this.#choice.includes(name));
  }
}

function define(name: string, chance: number): FaultPoint {
  if (!/^[a-z]+(\.[a-z]+)+$/.test(name)) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `${JSON.stringify(name)} can't be a fault: use subject.event`,
    );
  }
  if (!(chance >= 0 && chance <= 1)) {
    throw new SnaxError("ERR_ARGUMENT", `the chance of ${name} is ${chance}: use 0 to 1`);
  }
  return { name, chance };
}

/** Fault points are made here. */
export const faults: {
  /**
   * Defines a place where something may go wrong; it does nothing until a run asks
   * `plan.fires(point)`.
   *
   * @param name - `subject.event` in lower case.
   * @param chance - how often it fires where it is active, 0..1.
   * @throws {ERR_ARGUMENT} if the name or the chance can't be one.
   */
  readonly define: (name: string, chance: number) => FaultPoint;
} = { define };
