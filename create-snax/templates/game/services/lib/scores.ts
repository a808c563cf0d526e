/**
 * The best score of each name, on disk: in SQLite where this release of Node has it, else in a file
 * of JSON.
 *
 * SQLite writes each score at once. The file is written a second after a score at the latest, so a
 * crash loses that second; it is written beside the old one and renamed, so a crash never leaves
 * half of it.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const WRITE_MS = 1000;

export interface Score {
  readonly name: string;
  readonly score: number;
}

export interface Scores {
  record(name: string, score: number): void;
  best(count: number): Score[];
  close(): void;
}

/** What we use of node:sqlite. */
interface Sqlite {
  readonly DatabaseSync: new (path: string) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...values: (string | number)[]): unknown;
      all(...values: number[]): unknown[];
    };
    close(): void;
  };
}

export function openScores(path: string): Scores {
  mkdirSync(dirname(path), { recursive: true });
  const sqlite = process.getBuiltinModule("node:sqlite") as Sqlite | undefined;
  return sqlite === undefined ? openFile(`${path}.json`) : openDatabase(`${path}.sqlite`, sqlite);
}

function openDatabase(path: string, { DatabaseSync }: Sqlite): Scores {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS scores (name TEXT PRIMARY KEY, score INTEGER);
  `);
  const put = database.prepare(`
    INSERT INTO scores VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET score = max(score, excluded.score)
  `);
  const list = database.prepare("SELECT name, score FROM scores ORDER BY score DESC, name LIMIT ?");
  return {
    record: (name, score) => void put.run(name, score),
    best: (count) => list.all(count).map((row) => ({ ...(row as Score) })),
    close: () => database.close(),
  };
}

function openFile(path: string): Scores {
  const scores = new Map(readFile(path));
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writeFileSync(`${path}.new`, JSON.stringify([...scores]));
    renameSync(`${path}.new`, path);
  };
  return {
    record: (name, score) => {
      if ((scores.get(name) ?? -1) >= score) return;
      scores.set(name, score);
      timer ??= setTimeout(write, WRITE_MS);
    },
    best: (count) => {
      const all = [...scores].map(([name, score]) => ({ name, score }));
      return all.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1)).slice(0, count);
    },
    close: () => {
      if (timer !== undefined) write();
    },
  };
}

function readFile(path: string): [string, number][] {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as [string, number][];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // The first start.
    throw error; // Rather not start than begin with nothing and write over what is there.
  }
}
