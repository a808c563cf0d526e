/**
 * The static types of `multicast`: channels that any number of services publish to and listen to.
 */

/** Gets what is published: the channel, the publisher, and the values. */
export type OnMulticast<A extends unknown[] = never[]> = (
  channel: MulticastChannel,
  source: number,
  ...values: A
) => unknown;

/** What a channel object is made from. */
export interface MulticastOptions {
  /** The number of a channel that was made before. @defaultValue a new channel */
  readonly channel?: number;
  /** Gets what is published once this object has subscribed. */
  readonly dispatch?: OnMulticast;
}

/** A channel, as one service holds it. */
export interface MulticastChannel {
  /** Its number: send it to other services, which make an object of their own from it. */
  readonly channel: number;
  /** Sends values to all subscribers; resolves to their number when it has gone out to them. */
  publish(...values: unknown[]): Promise<number>;
  /**
   * Begins to listen; resolves when nothing that is published later is missed.
   *
   * @throws {ERR_ARGUMENT} if the object has no `dispatch`, or the channel is there no more.
   */
  subscribe(): Promise<void>;
  /** Ceases to listen. */
  unsubscribe(): void;
  /** Deletes the channel, for all; this object can't be used any more. */
  delete(): void;
}

/** Everything under `import { multicast } from "snax"`. */
export interface MulticastApi {
  /**
   * Makes a channel, or an object for one that is there.
   *
   * @throws {ERR_EXHAUSTED} if there are MULTICAST_CHANNELS_MAX channels.
   */
  new: (options?: MulticastOptions) => Promise<MulticastChannel>;
}
