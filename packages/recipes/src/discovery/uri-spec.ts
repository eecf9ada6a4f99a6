import type { ServiceInstance } from './service-instance.ts';

/** A piece of a URI: text as it is, or the name of a variable. */
export interface UriPart {
  readonly value: string;
  readonly variable: boolean;
}

/** Values by the name of the variable. */
export type UriVariables = Readonly<Record<string, string | number>>;

/**
 * How to reach a service, as a URI with variables: Curator's UriSpec.
 *
 * Variables stand in braces: `{scheme}://{address}:{port}/mail`. Known are `scheme` (https when the instance has an sslPort, else http),
 * `name`, `id`, `address`, `port`, `ssl-port`, `registration-time-utc`, `service-type`, and `[` and `]` for braces; others are given
 * when it is built. One that nobody gives becomes nothing.
 */
export class UriSpec {
  readonly parts: readonly UriPart[];

  constructor(parts: readonly UriPart[]) {
    this.parts = parts;
  }

  /** @throws SyntaxError for braces that do not match. */
  static parse(text: string): UriSpec {
    const parts: UriPart[] = [];
    let isInside = false;
    for (const token of text.split(/([{}])/)) {
      if (token === '{' || token === '}') {
        if ((token === '{') === isInside) throw new SyntaxError(`${text}: ${token} out of place`);
        isInside = !isInside;
      } else if (token !== '') {
        parts.push({ value: isInside ? token.trim() : token, variable: isInside });
      }
    }
    if (isInside) throw new SyntaxError(`${text}: } is missing at the end`);
    return new UriSpec(parts);
  }

  /** @param variables - stand before those that are known. */
  build(instance?: ServiceInstance<unknown>, variables: UriVariables = {}): string {
    const known = new Map<string, string | number>([
      ['[', '{'],
      [']', '}'],
      ['scheme', 'http'],
      ...(instance === undefined ? [] : variablesOf(instance)),
      ...Object.entries(variables),
    ]);
    return this.parts
      .map(({ value, variable }) => (variable ? (known.get(value) ?? '') : value))
      .join('');
  }

  /** As it is parsed. */
  toString(): string {
    return this.parts.map(({ value, variable }) => (variable ? `{${value}}` : value)).join('');
  }
}

function variablesOf(instance: ServiceInstance<unknown>): [string, string | number][] {
  const { name, id, address = '', port = '', sslPort, registrationTimeUtc, type } = instance;
  return [
    ['scheme', sslPort === undefined ? 'http' : 'https'],
    ['name', name],
    ['id', id],
    ['address', address],
    ['port', port],
    ['ssl-port', sslPort ?? ''],
    ['registration-time-utc', registrationTimeUtc],
    ['service-type', type.replace('-', '_')],
  ];
}
