/**
 * Fake services for a test: objects of the test that stand in for services of the program, by name.
 *
 * A service is a file, so each fake gets one, in a folder of its own that is first on the
 * search path; the file takes its functions from the object. So a fake has no state of its own, and
 * its functions may use the variables of the test. That needs the services on the thread of the
 * test.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SnaxError } from "../base/error.ts";
import { quoteName } from "../base/name-characters.ts";
import { faultOf } from "../service/search-path.ts";

/** What stands in for a service. */
export interface FakeService {
  /** Methods that answer, as in a snax service. */
  readonly response?: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Methods that do not. */
  readonly accept?: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Runs with the arguments of `newservice`. */
  readonly init?: (...args: never[]) => unknown;
  readonly exit?: (...args: never[]) => unknown;
  /** Answers the `lua` messages of a plain service: gets their values. */
  readonly lua?: (...args: never[]) => unknown;
}

/** Fakes by the name of the service that they stand in for. */
export type Fakes = Readonly<Record<string, FakeService>>;

/** Where the files of fakes find their objects. */
const kFakes: unique symbol = Symbol.for("snax.testing.fakes") as never;

interface Home {
  [kFakes]?: Map<string, FakeService>;
}

let lastNumber = 0;

/** Fakes on the search path. */
export interface FakeFolder {
  /** What is first on the search path. */
  readonly pattern: string;
  /** Takes the files away. */
  remove(): void;
}

/** Writes a file for each fake. @throws {ERR_NO_SERVICE} if a name is not a service's. */
export function writeFakes(fakes: Fakes): FakeFolder {
  for (const name of Object.keys(fakes)) {
    const fault = faultOf(name);
    if (fault === undefined) continue;
    throw new SnaxError("ERR_NO_SERVICE", `${quoteName(name)} is no name of a service: ${fault}`);
  }
  const known = ((globalThis as Home)[kFakes] ??= new Map<string, FakeService>());
  const folder = mkdtempSync(join(tmpdir(), "snax-fakes-"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const keys = Object.entries(fakes).map(([name, fake]) => {
    lastNumber += 1;
    const key = `${lastNumber} ${name}`;
    known.set(key, fake);
    const path = join(folder, `${name}.ts`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(key, fake));
    return key;
  });
  return {
    pattern: join(folder, "?.ts"),
    remove: () => {
      for (const key of keys) known.delete(key);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A plain service must export no methods, and a snax service has to. */
function textOf(key: string, { lua, response, accept }: FakeService): string {
  const isPlain = lua !== undefined && response === undefined && accept === undefined;
  const head = `import { skynet } from "snax";
const fake: any = (globalThis as any)[Symbol.for("snax.testing.fakes")].get(${JSON.stringify(key)});
`;
  const plain = `skynet.dispatch("lua", (_session, _source, ...args: never[]) => fake.lua(...args));
`;
  const typed = `export const response = { ...fake.response };
export const accept = { ...fake.accept };
export const init = (...args: unknown[]) => fake.init?.(...args);
export const exit = (...args: unknown[]) => fake.exit?.(...args);
`;
  return head + (lua === undefined ? "" : plain) + (isPlain ? "" : typed);
}
