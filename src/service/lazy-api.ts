/**
 * API objects whose functions are bound to one service at first use.
 *
 * A service may take functions out of its API (`const { call } = skynet`), so each must know its service without
 * `this`. Binding fifty of them for each of a million services would cost 3 KB each; a getter on a shared prototype
 * binds one when it is first touched and leaves it on the object, where the next use finds it.
 */

/** A table of functions whose first parameter is what they get bound to. */
export type ApiTable<C> = Readonly<Record<string, (context: C, ...args: never[]) => unknown>>;

/** Getters for things that are no functions, each computed from the service at first use. */
export type ApiValues<C> = Readonly<Record<string, (context: C) => unknown>>;

/**
 * Creates a maker of API objects.
 *
 * @param functions - become functions of the API, without their first parameter.
 * @param values - become properties of the API, read at first use and kept.
 */
export function defineApi<C extends object>(
  functions: ApiTable<C>,
  values: ApiValues<C> = {},
): (context: C) => object {
  class Api {
    readonly #context: C;
    constructor(context: C) {
      this.#context = context;
    }
    static contextOf(api: object): C | undefined {
      return #context in api ? api.#context : undefined;
    }
  }
  const define = (name: string, make: (context: C) => unknown): void => {
    Object.defineProperty(Api.prototype, name, {
      enumerable: true,
      get(this: object) {
        const context = Api.contextOf(this);
        const value = context === undefined ? undefined : make(context);
        // A frozen object keeps nothing, and works all the same.
        Reflect.defineProperty(this, name, { value, enumerable: true });
        return value;
      },
    });
  };
  for (const [name, run] of Object.entries(functions)) {
    define(name, (context) => run.bind(undefined, context));
  }
  for (const [name, make] of Object.entries(values)) define(name, make);
  return (context) => new Api(context);
}
