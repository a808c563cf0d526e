/**
 * Looks at data before it is published: a function of the program, or a schema of any library that
 * follows Standard Schema.
 *
 * A check says yes or no. What a schema would change in the data (defaults, conversions) is not
 * used: the table is what was loaded.
 */

import { SnaxError } from "../base/error.ts";
import { firstLines } from "../base/short-list.ts";
import { formatPath } from "./format.ts";
import type { Step } from "./format.ts";
import type { Check, CheckIssue } from "./sharetable-api.ts";

/** How many issues the message lists. */
const ISSUES_SHOWN_MAX = 5;

/** What a check of several tables at once looks at. */
const ALL = "the tables";

/**
 * Runs a check.
 *
 * @param name - the table's; "" for data that is all tables of a step by name.
 * @throws {ERR_TABLE} if it refuses the data; the message says where, `data` lists all issues.
 * @throws {ERR_ARGUMENT} if it is no check.
 */
export async function runCheck(name: string, data: unknown, check: Check): Promise<void> {
  const issues = await findIssues(name, data, check);
  if (issues.length === 0) return;
  const lines = issues.map(({ path, message }) => {
    return `${formatPath(name, path) || ALL}: ${message}`;
  });
  const shown = firstLines(lines, ISSUES_SHOWN_MAX).join("; ");
  throw new SnaxError("ERR_TABLE", `the check refuses ${shown}`, {
    data: { table: name, issues },
  });
}

interface Issue {
  readonly message: string;
  readonly path: readonly Step[];
}

async function findIssues(name: string, data: unknown, check: Check): Promise<readonly Issue[]> {
  requireCheck(name, check);
  if ("~standard" in check) {
    const { issues } = await check["~standard"].validate(data);
    return (issues ?? []).map(readIssue);
  }
  let result: unknown;
  try {
    result = await check(data);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SnaxError("ERR_TABLE", `the check refuses ${name || ALL}: ${message}`, {
      cause: error,
    });
  }
  if (result === false) return [{ message: "it returned false", path: [] }];
  if (typeof result === "string") return [{ message: result, path: [] }];
  return Array.isArray(result) ? result.map(readIssue) : [];
}

/**
 * Refuses what is no check.
 *
 * @throws {ERR_ARGUMENT}
 */
export function requireCheck(name: string, check: unknown): Check {
  const isObject = typeof check === "object" && check !== null;
  if (typeof check === "function" || (isObject && "~standard" in check)) return check as Check;
  throw new SnaxError(
    "ERR_ARGUMENT",
    `the check of table ${name} is neither a function nor a schema that follows Standard Schema`,
  );
}

function readIssue(issue: CheckIssue | string): Issue {
  if (typeof issue === "string") return { message: issue, path: [] };
  const path = (issue.path ?? []).map((step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "symbol" ? String(key) : key;
  });
  return { message: String(issue.message), path };
}
