// The one table of every key: what each is called, what it means and what becomes of it. The parser obeys it and
// the reference page is made from it.

import type { ConfigKey, KeySection } from './config-key.ts';
import { administrationKeys, metricsKeys, testKeys } from './keys/administration.ts';
import { basicKeys } from './keys/basic.ts';
import { clusterKeys } from './keys/cluster.ts';
import { connectionKeys } from './keys/connections.ts';
import { performanceKeys } from './keys/performance.ts';
import { quorumAuthKeys, saslKeys } from './keys/sasl.ts';
import { securityKeys } from './keys/security.ts';
import { storageKeys } from './keys/storage.ts';

/** Every key, by the section of the reference page, in its order. */
export const configSections: ReadonlyMap<KeySection, readonly ConfigKey[]> = new Map([
  ['Basic', basicKeys],
  ['Cluster', clusterKeys],
  ['Storage', storageKeys],
  ['Sessions and connections', connectionKeys],
  ['Security and TLS', securityKeys],
  ['SASL and Kerberos', saslKeys],
  ['Quorum authentication', quorumAuthKeys],
  ['Performance', performanceKeys],
  ['Administration', administrationKeys],
  ['Metrics', metricsKeys],
  ['Tests', testKeys],
]);

/** Every key. Of two that match a name, the first counts. */
export const configKeys: readonly ConfigKey[] = [...configSections.values()].flat();

const PREFIX = 'zookeeper.';

/** The key that zoo.cfg reads under this name, whether it is parsed there or passed on as a property. */
export function findFileKey(name: string): ConfigKey | undefined {
  return configKeys.find((key) => key.form !== 'property' && matches(key, name));
}

/** The key that a system property of this full name sets. */
export function findPropertyKey(property: string): ConfigKey | undefined {
  return configKeys.find(
    (key) =>
      key.aliases?.includes(property) ||
      (key.form === 'property' && key.name === property) ||
      (key.form === 'both' &&
        property.startsWith(PREFIX) &&
        matches(key, property.slice(PREFIX.length))),
  );
}

/** A key that is only read as a system property of exactly this name. */
export function findBareProperty(name: string): ConfigKey | undefined {
  return configKeys.find((key) => key.form === 'property' && key.name === name);
}

/**
 * The system properties that set a key, strongest first. Of a family, the pattern with its changing part.
 */
export function propertiesOf(key: ConfigKey): readonly string[] {
  const aliases = key.aliases ?? [];
  switch (key.form) {
    case 'file':
      return aliases;
    case 'both':
      return [`${PREFIX}${key.name}`, ...aliases];
    case 'property':
      return [key.name, ...aliases];
  }
}

/**
 * Whether the value of a name must not be shown. Unknown names count, too: a misspelt password is a password.
 */
export function isSecretName(name: string): boolean {
  const plain = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const key = findFileKey(plain) ?? findPropertyKey(name);
  if (key?.isSecret === true) return true;
  return /passw|secret|superdigest|credential|token$/i.test(plain) && !/passwordPath$/i.test(plain);
}

function matches(key: ConfigKey, name: string): boolean {
  return key.pattern === undefined ? key.name === name : key.pattern.test(name);
}
