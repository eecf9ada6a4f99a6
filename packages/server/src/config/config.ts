// What the rest of the server imports from the configuration.

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
