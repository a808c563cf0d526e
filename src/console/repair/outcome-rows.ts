/**
 * What the commands of a repair print of its outcome: how many services have it, and which ones do not, with the reason.
 */

import { formatAddress } from "../../kernel/service.ts";
import type { ScriptFile } from "../operator/script-file.ts";
import { nameFiles } from "./hotfix-words.ts";

/** Services of one kind that are listed, in an answer about one node. */
export const SERVICES_SHOWN_MAX = 100;

/** A service that did not get it. */
interface Failure {
  readonly handle: number;
  readonly code: string;
  readonly message: string;
}

/** Whose failures they are. */
interface FailureOptions {
  /** The operator's files, which a message may name by their hash. */
  readonly files?: readonly ScriptFile[];
  /** What is before the address. @defaultValue nothing */
  readonly prefix?: string;
  /** How many are listed. @defaultValue SERVICES_SHOWN_MAX */
  readonly shownMax?: number;
}

/** Counts the services by what became of them: `{ applied: [a, b], failed: [] }` gives `applied 2`, `failed 0`. */
export function countRows(
  lists: Readonly<Record<string, readonly unknown[]>>,
): Map<string, unknown> {
  return new Map(Object.entries(lists).map(([name, list]) => [name, list.length]));
}

/** Adds a row for each service that did not get it, and one that tells how many are not listed. */
export function addFailures(
  rows: Map<string, unknown>,
  failed: readonly Failure[],
  { files = [], prefix = "", shownMax = SERVICES_SHOWN_MAX }: FailureOptions = {},
): void {
  for (const { handle, code, message } of failed.slice(0, shownMax)) {
    rows.set(`${prefix}${formatAddress(handle)}`, { code, message: nameFiles(message, files) });
  }
  addMore(rows, failed.length - shownMax, `${prefix}failed`);
}

/** Adds a row that tells how many services are not listed, if there are such. */
export function addMore(rows: Map<string, unknown>, more: number, what: string): void {
  if (more > 0) rows.set(`... ${what}`, `${more} more`);
}

/** Adds a row for what goes on with the old although the patch is in, a line each; none if nothing does. */
export function addKept(rows: Map<string, unknown>, keepsOld: readonly string[] | undefined): void {
  if (keepsOld !== undefined && keepsOld.length > 0) rows.set("keeps the old", keepsOld.join("\n"));
}
