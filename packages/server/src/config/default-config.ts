import { resolve } from 'node:path';
import { buildConfig, createDraft, freezeDeep } from './build-config.ts';
import type { EnsembleConfig } from './ensemble-config.ts';
import type { ServerConfig } from './server-config.ts';

/** What may be changed: any field of any section. The data directory must be given. */
export type ConfigOverrides = {
  readonly [Section in Exclude<
    keyof ServerConfig,
    'storage' | 'fourLetterWords' | 'isAuditOn' | 'ensemble'
  >]?: Partial<ServerConfig[Section]>;
} & {
  readonly storage: Partial<ServerConfig['storage']> & Pick<ServerConfig['storage'], 'dataDir'>;
  readonly fourLetterWords?: ReadonlySet<string>;
  readonly isAuditOn?: boolean;
  /** Makes the server a member of an ensemble; the rest of it has the defaults of zoo.cfg. */
  readonly ensemble?: Partial<Omit<EnsembleConfig, 'role'>> &
    Pick<EnsembleConfig, 'serverId' | 'membership'>;
};

/**
 * A configuration for a server inside another program: the defaults of zoo.cfg, but for what would surprise there.
 * It listens on a free port of 127.0.0.1, and the admin server is off. Timeouts follow the tick unless they are
 * given. Throws a RangeError for values that contradict each other.
 */
export function defaultConfig(overrides: ConfigOverrides): ServerConfig {
  const draft = createDraft();
  draft.clientHost = '127.0.0.1';
  draft.admin.isOn = false;
  draft.session.tickTimeMs = overrides.session?.tickTimeMs ?? draft.session.tickTimeMs;
  const dataDir = resolve(overrides.storage.dataDir);
  const base = buildConfig(draft, {
    clientPort: 0,
    dataDir,
    dataLogDir: dataDir,
    ensemble:
      overrides.ensemble === undefined
        ? undefined
        : {
            serverId: overrides.ensemble.serverId,
            membership: overrides.ensemble.membership,
            lastSeenMembership: undefined,
            staticFile: undefined,
            dynamicFile: undefined,
          },
    origin: { file: undefined, text: '', properties: new Map() },
  });
  const config: ServerConfig = freezeDeep({
    network: { ...base.network, ...overrides.network },
    session: { ...base.session, ...overrides.session },
    throttle: { ...base.throttle, ...overrides.throttle },
    tree: { ...base.tree, ...overrides.tree },
    storage: { ...base.storage, ...overrides.storage, dataDir },
    security: { ...base.security, ...overrides.security },
    fourLetterWords: overrides.fourLetterWords ?? base.fourLetterWords,
    admin: { ...base.admin, ...overrides.admin },
    metrics: { ...base.metrics, ...overrides.metrics },
    isAuditOn: overrides.isAuditOn ?? base.isAuditOn,
    ensemble: base.ensemble === undefined ? undefined : { ...base.ensemble, ...overrides.ensemble },
    origin: { ...base.origin, ...overrides.origin },
  });
  const { tickTimeMs, timeoutMsMin, timeoutMsMax } = config.session;
  if (!(tickTimeMs >= 1))
    throw new RangeError(`session.tickTimeMs must be at least 1, not ${tickTimeMs}`);
  if (!(timeoutMsMin <= timeoutMsMax)) {
    throw new RangeError(
      `session.timeoutMsMin ${timeoutMsMin} is above session.timeoutMsMax ${timeoutMsMax}`,
    );
  }
  return config;
}
