/**
 * The static types of `harbor`: global names, and the network of harbors.
 */

/** Everything under `import { harbor } from "snax"`. */
export interface HarborApi {
  /** Gives a global name to a service, by default to this one. False if another has it. */
  globalname(name: string, handle?: number): boolean;
  /**
   * Resolves to the handle of a name, for a global one as soon as a service has it; undefined for a
   * local one that no service has.
   */
  queryname(name: string): Promise<number | undefined>;
  /**
   * Resolves when another harbor is gone, at once if it is not connected.
   *
   * @throws {ERR_ARGUMENT} if it is no id of another harbor.
   */
  link(id: number): Promise<void>;
  /**
   * Resolves when another harbor is connected.
   *
   * @throws {ERR_ARGUMENT} on a node without a network, or if it is no id of another harbor.
   */
  connect(id: number): Promise<void>;
  /**
   * Resolves when the link to the master is lost.
   *
   * @throws {ERR_ARGUMENT} on a node without a network.
   */
  linkmaster(): Promise<void>;
}
