/** Keeps the best score of each name. One service, so no other writes the file. */

import type { Scores } from "./lib/scores.ts";
import { openScores } from "./lib/scores.ts";

const BEST_COUNT = 10;

let scores: Scores;

/** @param path - where they stand, without the ending of the file. */
export function init(path: string): void {
  scores = openScores(path);
}

export function exit(): void {
  scores.close();
}

export const response = {
  best(): { name: string; score: number }[] {
    return scores.best(BEST_COUNT);
  },
};

export const accept = {
  record(name: string, score: number): void {
    scores.record(name, score);
  },
};
