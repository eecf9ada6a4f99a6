import { joinPath } from '../paths.ts';

/** The names in braces of a template: `'user' | 'order'` of `/users/{user}/orders/{order}`. */
export type PathParameters<Template extends string> =
  Template extends `${string}{${infer Name}}${infer Rest}` ? Name | PathParameters<Rest> : never;

/**
 * A path with places for names.
 *
 *     const orders = new PathTemplate('/users/{user}/orders/{order}');
 *     orders.resolve({ user: 'ann', order: '17' });   // /users/ann/orders/17
 *     orders.match('/users/ann/orders/17');           // { user: 'ann', order: '17' }
 *
 * A place stands for one whole name. Curator's ZPath, with names in place of order.
 */
export class PathTemplate<const Template extends string = string> {
  readonly template: Template;
  /** Names between the slashes; those in braces are parameters. */
  readonly #segments: readonly Segment[];

  /** @throws RangeError when it does not begin with a slash, or a place is not one whole name, or two have the same name. */
  constructor(template: Template) {
    this.template = template;
    if (!template.startsWith('/')) throw new RangeError(`${template}: a path begins with a slash`);
    this.#segments = template === '/' ? [] : template.slice(1).split('/').map(segmentOf);
    const seen = new Set<string>();
    for (const { parameter } of this.#segments) {
      if (parameter === undefined) continue;
      if (seen.has(parameter))
        throw new RangeError(`${template}: {${parameter}} stands there twice`);
      seen.add(parameter);
    }
  }

  /** The path with these names. @throws RangeError for a name that is missing, empty or has a slash. */
  resolve(names: Readonly<Record<PathParameters<Template>, string>>): string {
    const given: Readonly<Record<string, string | undefined>> = names;
    let path = '/';
    for (const { text, parameter } of this.#segments) {
      const name = parameter === undefined ? text : given[parameter];
      if (name === undefined || name === '' || name.includes('/')) {
        throw new RangeError(`${this.template}: {${parameter}} of ${name}: a name without slashes`);
      }
      path = joinPath(path, name);
    }
    return path;
  }

  /** The names in a path; undefined when it is not of this form. */
  match(path: string): Record<PathParameters<Template>, string> | undefined {
    const segments = path === '/' ? [] : path.slice(1).split('/');
    if (!path.startsWith('/') || segments.length !== this.#segments.length) return undefined;
    const found: Record<string, string> = {};
    for (const [index, { text, parameter }] of this.#segments.entries()) {
      const name = segments[index]!;
      if (parameter !== undefined && name !== '') found[parameter] = name;
      else if (name !== text) return undefined;
    }
    return found;
  }
}

interface Segment {
  readonly text: string;
  readonly parameter: string | undefined;
}

function segmentOf(text: string): Segment {
  const parameter = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (text === '' || (parameter === undefined && /[{}]/.test(text))) {
    throw new RangeError(`${text === '' ? 'an empty name' : text}: a name, or one in braces`);
  }
  return { text, parameter };
}
