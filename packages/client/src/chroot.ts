import { pathProblem, prependChroot, stripChroot } from '@zooid/protocol';
import { BadArgumentsError } from './errors.ts';

/** The part of the tree that a client sees as the whole. */
export class Chroot {
  /** The server's path of the client's root; `''` when they are the same. */
  readonly path: string;

  constructor(path: string) {
    this.path = path === '/' ? '' : path;
  }

  /** The server's path for a path of the client; undefined for what is no path: see {@link refuse}. */
  tryToServer(path: string): string | undefined {
    if (typeof path !== 'string' || pathProblem(path) !== undefined) return undefined;
    return prependChroot(this.path, path);
  }

  /** The same, for those who catch. @throws BadArgumentsError for what is no path. */
  toServer(operation: string, path: string): string {
    return this.tryToServer(path) ?? this.#throwFor(operation, path, path);
  }

  /** The same for a znode whose name the server completes: its path may end with a slash. */
  toServerSequential(operation: string, path: string): string {
    const completed = `${path}1`;
    if (pathProblem(completed) !== undefined) return this.#throwFor(operation, path, completed);
    return this.path + path;
  }

  /** A rejection that says what is wrong with a path of which {@link tryToServer} made nothing. */
  refuse(operation: string, path: string): Promise<never> {
    return Promise.reject(pathError(operation, path, path));
  }

  /** The client's path for a path of the server; one outside of the chroot stays as it is. */
  toClient(path: string): string {
    return stripChroot(this.path, path) ?? path;
  }

  /** Whether a path of the server is one of the client's, too. */
  contains(path: string): boolean {
    return stripChroot(this.path, path) !== undefined;
  }

  #throwFor(operation: string, path: string, checked: string): never {
    throw pathError(operation, path, checked);
  }
}

function pathError(operation: string, path: string, checked: string): BadArgumentsError {
  const problem = typeof path === 'string' ? pathProblem(checked) : 'a path is a string';
  return new BadArgumentsError({
    operation,
    path: String(path),
    sentence: `this is no path: ${problem}`,
  });
}
