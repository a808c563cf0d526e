/**
 * Which services of this node others reach, and services that are here for those of others.
 *
 *     REGISTER name handle         a service can be reached from other nodes; UNREGISTER name
 *     MOVED pairs                  other services have taken the place of some: [old, new] each
 *     PROXY node address type      the handle of a service that is here for that one
 */

import { formatAddress } from "../../kernel/service.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { Hub } from "../hub/hub.ts";
import type { WireAddress } from "../wire/skynet-frame.ts";
import type { Commands } from "./command.ts";

/** Names and proxies. */
export class NameDesk {
  readonly #hub: Hub;
  readonly #skynet: SkynetApi;
  readonly #exposure: Exposure;
  readonly #proxies = new Map<string, Promise<number>>();
  readonly commands: Commands = {
    REGISTER: (_source, name: string, handle: number) => this.#register(name, handle),
    UNREGISTER: (_source, name: string) => this.#exposure.unregister(name),
    MOVED: (_source, pairs: [number, number][]) => {
      for (const pair of pairs) this.#exposure.move(...pair);
    },
    PROXY: (_source, node: string, address: WireAddress, type?: string) =>
      this.proxy(node, address, type),
  };

  constructor(hub: Hub, skynet: SkynetApi, exposure: Exposure) {
    this.#hub = hub;
    this.#skynet = skynet;
    this.#exposure = exposure;
  }

  #register(name: string, handle: number): void {
    this.#exposure.register(name, handle);
    this.#hub.log(`Register [${name}] ${formatAddress(handle)}`);
  }

  /** A proxy serves all that ask for the same; one that has died is made anew. */
  proxy(node: string, address: WireAddress, type?: string): Promise<number> {
    const key = `${node} ${typeof address} ${address} ${type ?? ""}`;
    let proxy = this.#proxies.get(key);
    if (proxy === undefined) {
      const forget = (): void => void this.#proxies.delete(key);
      const args = type === undefined ? [] : [type];
      proxy = this.#skynet.newservice("clusterproxy", node, address, ...args);
      proxy.then(
        (handle) =>
          this.#skynet.within(Infinity).call(handle, "debug", "LINK").then(forget, forget),
        forget,
      );
      this.#proxies.set(key, proxy);
    }
    return proxy;
  }
}
