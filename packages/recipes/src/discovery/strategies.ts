import { keyOf, type ServiceInstance } from './service-instance.ts';

/** Chooses one of several instances; undefined when there is none. It may keep something in mind, so each provider has its own. */
export type ProviderStrategy<T> = (
  instances: readonly ServiceInstance<T>[],
) => ServiceInstance<T> | undefined;

/** One after the other. Curator's RoundRobinStrategy. */
export function roundRobin<T>(): ProviderStrategy<T> {
  let next = 0;
  return (instances) => {
    if (instances.length === 0) return undefined;
    const chosen = instances[next % instances.length];
    next = (next + 1) % Number.MAX_SAFE_INTEGER;
    return chosen;
  };
}

/** Any. Curator's RandomStrategy. @param random - at least 0, less than 1. */
export function randomChoice<T>(random: () => number = () => Math.random()): ProviderStrategy<T> {
  return (instances) => instances[Math.floor(random() * instances.length)];
}

/** The same for as long as it is there; then another, by `choose`. Curator's StickyStrategy. */
export function sticky<T>(choose: ProviderStrategy<T>): ProviderStrategy<T> {
  let key: string | undefined;
  return (instances) => {
    const present = instances.find((instance) => keyOf(instance) === key);
    if (present !== undefined) return present;
    const chosen = choose(instances);
    key = chosen && keyOf(chosen);
    return chosen;
  };
}
