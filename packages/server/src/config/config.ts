// What the rest of the server imports from the configuration.

export {
  type ConfigPlace,
  type ConfigProblem,
  type ConfigRemark,
  type ConfigWarning,
  describeProblem,
  describeWarning,
} from './config-report.ts';
export { type ConfigOverrides, defaultConfig } from './default-config.ts';
export type { EnsembleConfig } from './ensemble-config.ts';
export { loadServerConfig, tryReadTextFile } from './load-config.ts';
export {
  type ConfigInput,
  type ParsedConfig,
  parseServerConfig,
  type StandaloneArguments,
} from './parse-config.ts';
export { Secret } from './secret.ts';
export type {
  AdminConfig,
  ConfigOrigin,
  ConnectionThrottleConfig,
  DigestAlgorithm,
  ListenAddress,
  MetricsConfig,
  NetworkConfig,
  RequestThrottleConfig,
  SecurityConfig,
  ServerConfig,
  SessionConfig,
  SnapshotCompression,
  StorageConfig,
  ThrottleConfig,
  TreeConfig,
} from './server-config.ts';
