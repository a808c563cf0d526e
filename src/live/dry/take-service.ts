/**
 * What a dry run takes of a live service: its texts, and its state as it is between two of its turns. Nothing of the
 * service runs, and nothing of it changes.
 */

import { serialize } from "node:v8";
import { codeOf, SnaxError } from "../../base/error.ts";
import { STATE_OBJECTS_MAX } from "../../base/limits.ts";
import { formatAddress, unfinishedCount } from "../../kernel/service.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Context } from "../../service/context.ts";
import { callInside } from "../../service/context.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import { codeOfService } from "../apply/application.ts";
import { StateNames } from "../state/names.ts";
import type { State } from "../state/state.ts";
import { takeState } from "../state/take.ts";
import { textOf } from "../text/patched-module.ts";
import { dryError } from "./effects.ts";
import type { DryModule, DryService } from "./question.ts";

const MIB = 1 << 20;
/** No object takes less in V8's form. */
const OBJECT_BYTES_MIN = 8;

/** The state of a service at one moment, and how long that took. */
interface Taken {
  readonly state: State;
  readonly held: number;
  readonly inFlight: number;
}

/**
 * Takes a service of this thread, in a turn of its own.
 *
 * @throws {ERR_EXHAUSTED} if its state takes more than `dryrunmax`.
 * @throws {ERR_DRY_RUN} if a text of it can't be told.
 */
export async function takeService(context: Context): Promise<DryService> {
  const { runtime, kind, handle, name } = context;
  const instance = codeOfService(context);
  const maxMib = Number(runtime.environment.get("dryrunmax"));
  const isService = kind === SNAX_KIND;
  const modules = listModules(instance, isService);
  // Its texts are taken apart before it stands still.
  new StateNames(instance, isService);
  const { state, held, inFlight } = await takeInside(context, instance, maxMib);
  const bytes = serialize(state);
  if (bytes.length > maxMib * MIB) throw tooLarge(context, maxMib);
  return {
    ...{ handle, type: name, isService, modules, state: bytes, inFlight, held },
    apiNames: [...runtime.parts.keys()],
    environment: readEnvironment(context),
    now: runtime.sinceStartMs,
    wall: runtime.clock.wall(),
    missing: state.left.map(({ path, file, line, why }) => `${path} (${file}:${line}): ${why}`),
  };
}

async function takeInside(context: Context, instance: Instance, maxMib: number): Promise<Taken> {
  const { clock } = context.runtime;
  const objectsMax = Math.min(STATE_OBJECTS_MAX, Math.ceil((maxMib * MIB) / OBJECT_BYTES_MIN));
  try {
    return await callInside(context, () => {
      const isService = context.kind === SNAX_KIND;
      const inFlight = unfinishedCount(context.service);
      const begun = clock.now();
      const state = takeState(instance, { isService, foreign: "missing", objectsMax });
      return { state, inFlight, held: clock.now() - begun };
    });
  } catch (error) {
    throw codeOf(error) === "ERR_EXHAUSTED" ? tooLarge(context, maxMib) : error;
  }
}

function tooLarge({ handle, name }: Context, maxMib: number): SnaxError {
  const why = `the state of ${formatAddress(handle)} ${name} takes more than ${maxMib} MiB (dryrunmax)`;
  return new SnaxError("ERR_EXHAUSTED", why);
}

/** Its own file first. */
function listModules(instance: Instance, isService: boolean): DryModule[] {
  const { program } = instance;
  const { entry } = program;
  const nodes = [entry, ...[...program.modules()].filter((node) => node !== entry)];
  return nodes.flatMap((node) => {
    const module = instance.find(node);
    if (module === undefined) return [];
    const { file } = node.image;
    if (node.image.data.isTransformed) {
      throw dryError(`${file} needs the compiler of its project: no copy is made of it`);
    }
    const { text } = textOf(module, isService && node === entry);
    return [{ file, text, isShared: node.isShared }];
  });
}

/** What `skynet.getenv` tells, as far as it can go to another process; no secrets. */
function readEnvironment({ runtime }: Context): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const { environment } = runtime;
  for (const key of environment.keys()) {
    if (!/token|secret|password/i.test(key)) found.set(key, environment.get(key));
  }
  return found;
}
