/**
 * What the engine of the cluster gives to this node: which nodes take part, and what all have in common. Without an engine there is nothing of this.
 *
 *     CLAIM key                    gets the name of a global service, or finds the service (engine/global-services.ts)
 *     FIND key                     waits for the service of such a name
 *     OWN key handle token         the service of such a name runs
 *     DATAREAD key                 what the data center of the fleet has (fleet/data.ts), with its token
 *     DATAREPLACE key value token  puts a value there, by compare-and-set
 *     DATAWATCH                    tells the caller which keys change: CHANGED key
 */

import { ENGINE_TIMEOUT_MS } from "../../base/limits.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { engineError } from "../engine/driver.ts";
import type { Membership } from "../engine/membership.ts";
import type { Fleet, FleetOptions } from "../fleet/join.ts";
import type { FleetData } from "../fleet/data.ts";
import type { Hub } from "../hub/hub.ts";
import type { Commands } from "./command.ts";

/** How often a node that starts looks whether its patches still go in, each ENGINE_TIMEOUT_MS. */
const CATCH_UP_ROUNDS = 10;

/** The engine, as far as this node has one. */
export class EngineDesk {
  readonly #hub: Hub;
  readonly #skynet: SkynetApi;
  #fleet: Fleet | undefined = undefined;
  readonly commands: Commands = {
    CLAIM: (_source, key: string) => this.#fleet?.globals.claim(key),
    FIND: (_source, key: string) => this.#fleet?.globals.find(key),
    OWN: (_source, key: string, handle: number, token: number) =>
      this.#fleet?.globals.own(key, handle, token),
    DATAREAD: (_source, key: unknown) => this.use(({ data }) => data.read(key)),
    DATAREPLACE: (_source, key: unknown, value: unknown, token: unknown) =>
      this.use(({ data }) => data.replace(key, value, Number(token))),
    DATAWATCH: (source) => this.use(({ data }) => this.#watchData(data, source)),
  };

  constructor(hub: Hub, skynet: SkynetApi) {
    this.#hub = hub;
    this.#skynet = skynet;
  }

  /** What there is; undefined without an engine. */
  get fleet(): Fleet | undefined {
    return this.#fleet;
  }

  /** Takes part; what is born when it has resolved is born with what the fleet has. */
  async join(url: string, options: FleetOptions): Promise<void> {
    const { joinFleet } = await import("../fleet/join.ts");
    const fleet = await joinFleet(url, options);
    this.#fleet = fleet;
    // An engine that does not answer is not waited for; patches that are decided are, as long as they go in and `inittimeout` is far.
    let before = Infinity;
    for (let round = 0; round < CATCH_UP_ROUNDS; round += 1) {
      if (await this.#within(ENGINE_TIMEOUT_MS, fleet.patches.caughtUp)) return;
      const { lacking } = fleet.patches;
      if (lacking === 0 || lacking >= before) return;
      before = lacking;
    }
  }

  /** Says goodbye. */
  async leave(): Promise<void> {
    this.#fleet?.patches.close();
    await this.#fleet?.membership.leave();
  }

  /** Ends without one. */
  abandon(): void {
    this.#fleet?.patches.close();
    this.#fleet?.membership.abandon();
  }

  /** Resolves when the engine has told who is there, or when it has had time enough; to undefined without one. */
  async known(): Promise<Membership | undefined> {
    const membership = this.#fleet?.membership;
    if (membership !== undefined) await this.#within(ENGINE_TIMEOUT_MS, membership.settled);
    return membership;
  }

  /** Uses what the engine gives; at the start it may still be about to answer. @throws {ERR_ENGINE_DOWN} without an engine. */
  async use<T>(run: (fleet: Fleet) => T): Promise<Awaited<T>> {
    const fleet = this.#fleet;
    if (fleet === undefined) throw engineError("is none", false);
    await this.known();
    return await run(fleet);
  }

  /** @returns whether it was done in time */
  #within(ms: number, done: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#hub.after(ms, () => resolve(false));
      void done.then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  #watchData(data: FleetData, source: number): void {
    const { kernel } = this.#hub.context.runtime;
    const stop = data.watch((key) => void this.#skynet.send(source, "lua", "CHANGED", key));
    kernel.watch(source, stop);
  }
}
