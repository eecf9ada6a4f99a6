import { NoNodeError, type ZooKeeper, ZooKeeperError } from '@zooid/client';

export interface GuaranteedDeleteOptions {
  /** The version that the znode must have. Default: any. */
  readonly version?: number | undefined;
}

/** Pause after a refusal that says nothing of the znode (the server or this client is overloaded), in ms. */
const RETRY_PAUSE_MS_BASE = 20;
const RETRY_PAUSE_MS_MAX = 1_000;

/**
 * Removes a znode, however often the connection is lost meanwhile. That it is not there is as good.
 *
 * @returns whether it is gone: false when the session ended first. An ephemeral znode of that session then goes with it.
 * @throws NotEmptyError, BadVersionError, NoAuthError
 */
export async function guaranteedDelete(
  zk: ZooKeeper,
  path: string,
  options: GuaranteedDeleteOptions = {},
): Promise<boolean> {
  for (let pauseMs = RETRY_PAUSE_MS_BASE; ; pauseMs = Math.min(2 * pauseMs, RETRY_PAUSE_MS_MAX)) {
    try {
      // Idempotent: when its answer is lost the client sends it again on the next connection.
      await zk.delete(path, { version: options.version, idempotent: true });
      return true;
    } catch (error) {
      if (error instanceof NoNodeError) return true;
      if (!ZooKeeperError.is(error) || error.kind === 'state') throw error;
      if (error.kind === 'unrecoverable') return false;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** The same for those who do not wait for it: it never rejects, and nobody is told what became of it. */
export function deleteInBackground(
  zk: ZooKeeper,
  path: string,
  options?: GuaranteedDeleteOptions,
): void {
  guaranteedDelete(zk, path, options).catch(() => undefined);
}
