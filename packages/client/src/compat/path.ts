import assert from 'node:assert';
import { pathProblem } from '@zooid/protocol';

/** @throws AssertionError for what is no path of a znode, with the sentences of node-zookeeper-client. */
export function assertPath(path: unknown): asserts path is string {
  assert(typeof path === 'string' && path !== '', 'Node path must be a non-empty string.');
  assert(path.startsWith('/'), 'Node path must start with / character.');
  if (path.length === 1) return;
  assert(!path.endsWith('/'), 'Node path must not end with / character.');
  assert(!path.includes('//'), 'Node path must not contain empty node name.');
  assert(!/\/\.\.?(\/|$)/.test(path), 'Node path must not contain relative path(s).');
  const problem = pathProblem(path);
  assert(problem === undefined, `Node path must not contain forbidden characters: ${problem}.`);
}

/** The same for a znode whose name the server completes: it may end with a slash. */
export function assertSequentialPath(path: unknown): asserts path is string {
  assertPath(typeof path === 'string' && path !== '' ? `${path}0` : path);
}
