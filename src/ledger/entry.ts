/**
 * What a line of the ledger on disk says. Each line is one decision about one patch:
 *
 *     PREPARED   what it is and what it was made for; on disk before anything changes
 *     KEPT       it is in. A patch that is PREPARED only was never put in, or the process died before
 *     REFUSED    it is not in
 *     RETIRED    the file on disk, or a later patch, gives all of it
 *
 * Numbers give the order, not times: a clock may go back.
 */

/** Which patch of the whole fleet a patch is. */
export interface FleetMark {
  readonly id: number;
  /** Tells it from a patch of that number in an engine that has begun anew. */
  readonly key: string;
}

/** What a patch was made for. */
export interface PreparedLine {
  readonly state: "PREPARED";
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `all shop`, or the path of a shared module. */
  readonly target: string;
  readonly hash: string;
  readonly kind: "type" | "shared";
  /** The name of the type, or the path of the shared module. */
  readonly name: string;
  readonly modules: readonly PatchedModule[];
  /** Undefined if it is this node's alone. */
  readonly fleet?: FleetMark | undefined;
  /** The patches that it takes back, by number. */
  readonly takesBack?: readonly number[];
  /** The number of the first of several patches: KEPT and REFUSED of that one are said of all. */
  readonly together?: number;
}

/** One module that a patch is for. */
export interface PatchedModule {
  /** The module as the patch names it; empty for the own file of the service. */
  readonly path: string;
  /** Real path of its file. */
  readonly file: string;
  /** The SHA-256 of the text that it had, in hex. */
  readonly base: string;
  readonly patch: string;
  /** Whether it is the own file of a snax service. */
  readonly isService: boolean;
}

/** What became of a patch. */
export interface OutcomeLine {
  readonly state: "KEPT" | "REFUSED" | "RETIRED";
  readonly id: number;
  readonly time: number;
  /** Why, for people. */
  readonly why?: string;
  /** In how many services it was put, and how many refused it. */
  readonly applied?: number;
  readonly failed?: number;
}

/** A line of the ledger. */
export type LedgerLine = PreparedLine | OutcomeLine;

/** A patch as the lines about it say. */
export interface LedgerEntry extends Omit<PreparedLine, "state"> {
  readonly state: LedgerLine["state"];
  readonly applied: number;
  readonly failed: number;
  /** Why it is refused or retired, for people. */
  readonly why?: string;
}

const OUTCOMES: ReadonlySet<unknown> = new Set(["KEPT", "REFUSED", "RETIRED"]);

/** Reads a line; undefined if it is not ours: torn, or written by another program. */
export function parseLine(text: string): LedgerLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  if (!isId(value["id"]) || !isCount(value["time"])) return undefined;
  if (value["state"] === "PREPARED") {
    return isPrepared(value) ? (value as unknown as PreparedLine) : undefined;
  }
  if (!OUTCOMES.has(value["state"])) return undefined;
  const counts = [value["applied"], value["failed"]];
  const why = value["why"];
  const isGood =
    counts.every((each) => each === undefined || isCount(each)) &&
    (why === undefined || typeof why === "string");
  return isGood ? (value as unknown as OutcomeLine) : undefined;
}

function isPrepared(line: Record<string, unknown>): boolean {
  const { target, hash, kind, name, modules, fleet, takesBack = [] } = line;
  const { together } = line;
  if (together !== undefined && !isId(together)) return false;
  if (!Array.isArray(takesBack) || !takesBack.every(isId)) return false;
  const texts = [target, hash, name];
  if (!texts.every((each) => typeof each === "string")) return false;
  if (fleet !== undefined && !isMark(fleet)) return false;
  if (kind !== "type" && kind !== "shared") return false;
  return Array.isArray(modules) && modules.length > 0 && modules.every(isModule);
}

function isModule(value: unknown): boolean {
  if (!isRecord(value) || typeof value["isService"] !== "boolean") return false;
  const texts = [value["path"], value["file"], value["base"], value["patch"]];
  return texts.every((each) => typeof each === "string");
}

function isMark(value: unknown): boolean {
  return isRecord(value) && isId(value["id"]) && typeof value["key"] === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** Puts lines together, by number. An outcome of a patch that was not prepared says nothing. */
export function foldLines(lines: readonly LedgerLine[]): LedgerEntry[] {
  const entries = new Map<number, LedgerEntry>();
  /** The numbers of several patches that were made together, by that of the first. */
  const groups = new Map<number, number[]>();
  for (const line of lines) {
    if (line.state === "PREPARED") {
      entries.set(line.id, { ...line, applied: 0, failed: 0 });
      if (line.together === undefined) continue;
      groups.set(line.together, [...(groups.get(line.together) ?? []), line.id]);
      continue;
    }
    // What is decided of the first is decided of all; each is retired by itself.
    const others = line.state === "RETIRED" ? [] : (groups.get(line.id) ?? []);
    for (const id of new Set([line.id, ...others])) {
      const entry = entries.get(id);
      if (entry === undefined || (id !== line.id && entry.state !== "PREPARED")) continue;
      const { state, applied = entry.applied, failed = entry.failed, why } = line;
      const said = why === undefined ? {} : { why };
      entries.set(id, { ...entry, state, applied, failed, ...said });
    }
  }
  return [...entries.values()].toSorted((a, b) => a.id - b.id);
}
