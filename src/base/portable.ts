/**
 * How an object of the runtime travels in a message.
 *
 * Services share nothing, so what a message carries is copied. An object that stands for something (a service object)
 * is not copied field by field: it says itself what the receiver gets. The hook lives at the bottom layer, so that the
 * copier knows no service object and a service object knows no copier.
 */

/** The method by which an object says what the receiver of a message gets in its place. */
export const kPort: unique symbol = Symbol("snax.port");

/**
 * The name of the kind under which an object travels to another thread, where its class does not tell: for objects that
 * look plain. See PortableKind in the wire layer.
 */
export const kPortKind: unique symbol = Symbol("snax.port-kind");

/** An object that travels by standing for something. */
export interface Portable {
  /**
   * Makes what the receiver gets.
   *
   * @param receiver - the service that receives the message, as the kernel knows it; undefined outside any.
   */
  [kPort](receiver: object | undefined): unknown;
}

/**
 * Makes the instances of a class portable.
 *
 * @param port - makes what the receiver gets from an instance; see {@link Portable}.
 */
export function definePort<T extends object>(
  constructor: abstract new (...args: never[]) => T,
  port: (value: T, receiver: object | undefined) => unknown,
): void {
  Object.defineProperty(constructor.prototype, kPort, {
    value(this: T, receiver: object | undefined): unknown {
      return port(this, receiver);
    },
  });
}

/** Objects of the runtime that are proxies, and where each is: whose they are is known without a look through them. */
export const placedViews: WeakMap<object, () => unknown> = new WeakMap();
