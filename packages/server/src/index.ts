export {
  type AdminConfig,
  type ConfigInput,
  type ConfigOrigin,
  type ConfigOverrides,
  type ConfigPlace,
  type ConfigProblem,
  type ConfigRemark,
  type ConfigWarning,
  type ConnectionThrottleConfig,
  type DigestAlgorithm,
  defaultConfig,
  describeProblem,
  describeWarning,
  type ListenAddress,
  loadServerConfig,
  type MetricsConfig,
  type NetworkConfig,
  type ParsedConfig,
  parseServerConfig,
  type RequestThrottleConfig,
  Secret,
  type SecurityConfig,
  type ServerConfig,
  type SessionConfig,
  type SnapshotCompression,
  type StandaloneArguments,
  type StorageConfig,
  type ThrottleConfig,
  type TreeConfig,
  tryReadTextFile,
} from './config/config.ts';
export type { EnsembleConfig } from './config/ensemble-config.ts';
export { MemoryDisk } from './disk/memory-disk.ts';
export type { HostPort, PeerRoute } from './net/peer-address.ts';
export { createLogger, type LogLevel, type LogOptions } from './report/logger.ts';
export type {
  MemberState,
  RunningServer,
  ServerOptions,
  SessionState,
} from './running-server.ts';
export { startServer } from './server.ts';
