import type { ACL } from './acl.ts';
import type { CreateArgument } from './arguments.ts';
import { CallbackClient } from './callback-client.ts';
import type { Callback } from './caller.ts';
import { makeReplaceable } from './replaceable.ts';
import type { Stat } from './stat.ts';
import type { Watcher } from './watchers.ts';

/**
 * A client with a promise for each callback, too. It rejects with the {@link Exception}, or with what is wrong with the arguments.
 *
 * node-zookeeper-client has none of these. Its users made them with bluebird's `promisifyAll`: that may be done here as
 * well, and its methods, which give the first result alone, then stand in place of these.
 */
class PromiseClient extends CallbackClient {
  createAsync(path: string, ...options: CreateArgument[]): Promise<string> {
    return promiseOf<[string], string>(
      (done) => this.create(path, ...options.slice(0, 3), done),
      (created) => created,
    );
  }

  mkdirpAsync(path: string, ...options: CreateArgument[]): Promise<string> {
    return promiseOf<[string], string>(
      (done) => this.mkdirp(path, ...options.slice(0, 3), done),
      (created) => created,
    );
  }

  removeAsync(path: string, version = -1): Promise<void> {
    return promiseOf<[], void>((done) => this.remove(path, version, done), nothing);
  }

  removeRecursiveAsync(path: string, version = -1): Promise<void> {
    return promiseOf<[], void>((done) => this.removeRecursive(path, version, done), nothing);
  }

  existsAsync(path: string, watcher?: Watcher): Promise<Stat | null> {
    return promiseOf<[Stat | null], Stat | null>(
      (done) => this.exists(path, watcher, done),
      (stat) => stat,
    );
  }

  getChildrenAsync(path: string, watcher?: Watcher): Promise<{ children: string[]; stat: Stat }> {
    return promiseOf<[string[], Stat], { children: string[]; stat: Stat }>(
      (done) => this.getChildren(path, watcher, done),
      (children, stat) => ({ children, stat }),
    );
  }

  listSubTreeBFSAsync(path: string): Promise<string[]> {
    return promiseOf<[string[]], string[]>(
      (done) => this.listSubTreeBFS(path, done),
      (paths) => paths,
    );
  }

  /** Data is undefined when it is null. */
  getDataAsync(path: string, watcher?: Watcher): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return promiseOf<[Buffer | undefined, Stat], { data: Buffer | undefined; stat: Stat }>(
      (done) => this.getData(path, watcher, done),
      (data, stat) => ({ data, stat }),
    );
  }

  setDataAsync(path: string, data: Buffer | null | undefined, version = -1): Promise<Stat> {
    return promiseOf<[Stat], Stat>(
      (done) => this.setData(path, data, version, done),
      (stat) => stat,
    );
  }

  getACLAsync(path: string): Promise<{ acls: ACL[]; stat: Stat }> {
    return promiseOf<[ACL[], Stat], { acls: ACL[]; stat: Stat }>(
      (done) => this.getACL(path, done),
      (acls, stat) => ({ acls, stat }),
    );
  }

  setACLAsync(path: string, acls: readonly ACL[], version = -1): Promise<Stat> {
    return promiseOf<[Stat], Stat>(
      (done) => this.setACL(path, acls, version, done),
      (stat) => stat,
    );
  }
}

makeReplaceable(
  PromiseClient.prototype,
  Object.getOwnPropertyNames(PromiseClient.prototype).filter((name) => name.endsWith('Async')),
);

/** What `createClient` makes. Its own prototype has nothing, so that `promisifyAll` may put everything there. */
export class Client extends PromiseClient {}

function promiseOf<Results extends readonly unknown[], T>(
  run: (done: Callback<Results>) => void,
  shape: (...results: Results) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, ...results) => {
      if (error === null) resolve(shape(...results));
      else reject(error);
    });
  });
}

function nothing(): void {}
