import { configKeys, findBareProperty, findFileKey, propertiesOf } from './config-keys.ts';
import { nearestName } from './nearest-name.ts';

/** What to say of a line of zoo.cfg with a key that is not read there: the end of a sentence. */
export function unknownFileKey(key: string): string {
  const property = `zookeeper.${key}`;
  if (findBareProperty(key) !== undefined) {
    return `is not read from the file, by Apache's server either: give -D${key}=... as an argument`;
  }
  const plain = key.startsWith('zookeeper.') ? key.slice('zookeeper.'.length) : key;
  if (plain !== key && findFileKey(plain) !== undefined)
    return `has no effect; without the prefix it is ${plain}`;
  const names = configKeys
    .filter((known) => known.form !== 'property' && known.pattern === undefined)
    .map((known) => known.name);
  return `is not known; it becomes the property ${property}, which nothing reads${suggestion(nearestName(key, names))}`;
}

/** What to say of an argument that nothing reads: the end of a sentence. */
export function unknownProperty(name: string): string {
  const plain = name.startsWith('zookeeper.') ? name.slice('zookeeper.'.length) : name;
  const known = findFileKey(plain);
  if (known?.form === 'file') return `has no effect: ${plain} is read from zoo.cfg only`;
  if (known?.form === 'both')
    return `has no effect without its prefix: write -Dzookeeper.${plain}=...`;
  if (findBareProperty(plain) !== undefined)
    return `has no effect with the prefix: write -D${plain}=...`;
  const names = configKeys.filter((key) => key.pattern === undefined).flatMap(propertiesOf);
  return `is not known, and nothing reads it${suggestion(nearestName(name, names))}`;
}

function suggestion(name: string | undefined): string {
  return name === undefined ? '' : `. Was ${name} meant?`;
}
