/**
 * The tests that node-zookeeper-client brings with it, run against what replaces it.
 *
 * They are read from its package when the tests run. They ask for modules of its inside; each is given what of the API does the
 * same. Those of `WatcherManager` have no such thing: what they check stands in the scenarios.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compat, ORIGINAL_DIRECTORY } from './libraries.ts';

const done = () => {};

/** What a test file gets for a module that it asks for. */
const modules: Readonly<Record<string, unknown>> = {
  '../../lib/State.js': compat.State,
  '../../lib/Event.js': compat.Event,
  '../../lib/Exception.js': compat.Exception,
  '../../lib/Path.js': {
    validate: (path: string) => compat.createClient('127.0.0.1:1').exists(path, done),
  },
  '../../lib/ConnectionStringParser.js': class {
    readonly #text: string;
    readonly #manager: ReturnType<typeof compat.createClient>['connectionManager'];

    constructor(text: string) {
      this.#text = text;
      this.#manager = compat.createClient(text).connectionManager;
    }

    getConnectionString(): string {
      return this.#text;
    }

    getChrootPath(): string | undefined {
      return this.#manager.chrootPath;
    }

    getServers(): readonly unknown[] {
      return this.#manager.servers;
    }
  },
  chai: { expect },
};

/** Files that can be run. */
export const OWN_TESTS: readonly string[] = [
  'State',
  'Event',
  'Exception',
  'Path',
  'ConnectionStringParser',
];

/** Declares the tests of one file. */
export function declareOwnTests(name: string): void {
  const text = readFileSync(join(ORIGINAL_DIRECTORY, `test/lib/${name}.test.js`), 'utf8')
    // What chai 1 called deep, chai 6 calls nested.
    .replaceAll('.deep.property(', '.nested.property(');
  const require = (module: string): unknown => {
    if (!(module in modules)) throw new Error(`${name} asks for ${module}`);
    return modules[module];
  };
  new Function('require', 'describe', 'it', text)(require, describe, test);
}
