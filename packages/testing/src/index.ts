export type {
  CutPoint,
  Direction,
  Ending,
  FaultOptions,
  NetworkFaults,
  PendingCut,
  Traffic,
} from './network-faults.ts';
export { startTestEnsemble, type TestEnsembleOptions } from './start-test-ensemble.ts';
export { startTestServer, type TestConfig, type TestServerOptions } from './start-test-server.ts';
export type { Target } from './tcp-proxy.ts';
export type { PartitionOptions, TestEnsemble, TestMember, WaitOptions } from './test-ensemble.ts';
export { startTestProxy, type TestProxy, type TestProxyOptions } from './test-proxy.ts';
export type { SessionOf, StopOptions, TestServer } from './test-server.ts';
