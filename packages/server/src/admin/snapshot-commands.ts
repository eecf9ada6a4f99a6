/**
 * The commands `snapshot` and `restore` (Apache 3.9). Both need every permission on "/", a switch of the configuration
 * and their turn in the rate limit; a server without the hook answers 503.
 */
import { type Command, type CommandCall, type CommandResult, ok, refused } from './command.ts';
import type { CommandOptions } from './commands.ts';
import { javaHex } from './java-text.ts';
import { RateLimit } from './rate-limit.ts';
import { detachedBody } from './request-body.ts';

/** The others would go on with the history of before: replicas that differ. Apache's server does it, and asks to do it on every member. */
const NOT_ON_MEMBER =
  'Restore command is not for a member of an ensemble: stop all members, empty version-2 of their data directories, ' +
  'put the snapshot there under its name, snapshot.<zxid>, and start them';

/** Both commands, each with a rate limit of its own. */
export function snapshotCommands(options: CommandOptions): readonly Command[] {
  const snapshotLimit = new RateLimit(options.rateLimitIntervalMs);
  const restoreLimit = new RateLimit(options.rateLimitIntervalMs);
  const shared = { needsServer: true, needsAuthorization: true } as const;
  return [
    {
      names: ['snapshot', 'snap'],
      method: 'GET',
      ...shared,
      run: (call) => snapshot(call, options.isSnapshotOn, snapshotLimit),
    },
    {
      names: ['restore', 'rest'],
      method: 'POST',
      ...shared,
      run: (call) => restore(call, options.isRestoreOn, restoreLimit),
    },
  ];
}

async function snapshot(
  call: CommandCall,
  isOn: boolean,
  limit: RateLimit,
): Promise<CommandResult> {
  const { view, parameters } = call;
  if (!isOn) return refused(503, 'Snapshot command is disabled');
  if (view.takeSnapshot === undefined)
    return refused(503, 'Snapshot command is not supported here');
  if (!view.isLastZxidSerialized) {
    return refused(500, 'Snapshot command requires serializeLastProcessedZxid.enabled');
  }
  if (!limit.tryTake(view.elapsedNowMs)) {
    view.stats.snapshotsRateLimited += 1;
    return refused(429, 'Snapshot request was rate limited');
  }
  try {
    const { path, sizeBytes, zxid } = await view.takeSnapshot();
    const headers = { last_zxid: `0x${javaHex(zxid)}`, snapshot_size: String(sizeBytes) };
    // Java's Boolean.parseBoolean: anything but "true" is false.
    const isStreamed = (parameters.get('streaming') ?? 'true').toLowerCase() === 'true';
    return isStreamed ? { ...ok(), headers, file: { path, sizeBytes } } : { ...ok(), headers };
  } catch (error) {
    view.stats.snapshotErrors += 1;
    return refused(500, `Snapshot failed: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

async function restore(call: CommandCall, isOn: boolean, limit: RateLimit): Promise<CommandResult> {
  const { view, body } = call;
  if (!isOn) return refused(503, 'Restore command is disabled');
  if (view.ensemble !== undefined) return refused(503, NOT_ON_MEMBER);
  if (view.restore === undefined) return refused(503, 'Restore command is not supported here');
  if (!view.isLastZxidSerialized) {
    return refused(500, 'Restore command requires serializeLastProcessedZxid.enabled');
  }
  if (!limit.tryTake(view.elapsedNowMs)) {
    view.stats.restoresRateLimited += 1;
    return refused(429, 'Restore request was rate limited');
  }
  try {
    return ok({ last_zxid: await view.restore(detachedBody(body)) });
  } catch (error) {
    view.stats.restoreErrors += 1;
    return refused(500, `Restore failed: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
