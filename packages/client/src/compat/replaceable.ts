/**
 * Makes accessors of methods: reading gives the method, assigning puts another in its place.
 *
 * For methods whose name ends with `Async`: bluebird's `promisifyAll` refuses an object that has both `f` and `fAsync`, but does
 * not see accessors, and then assigns its own.
 */
export function makeReplaceable(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const method: unknown = Reflect.get(prototype, name);
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: false,
      get: () => method,
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, {
          configurable: true,
          enumerable: true,
          writable: true,
          value,
        });
      },
    });
  }
}
