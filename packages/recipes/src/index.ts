export { Barrier, type BarrierOptions } from './barriers/barrier.ts';
export { DoubleBarrier, type DoubleBarrierOptions } from './barriers/double-barrier.ts';
export { Cache, type CacheChangesOptions, type CacheOptions } from './cache/cache.ts';
export { CacheDataError, CacheLimitError, ChangesOverflowError } from './cache/cache-error.ts';
export type { CacheChange, CachedNode } from './cache/cached-node.ts';
export { AtomicInteger, AtomicLong } from './counters/atomic-number.ts';
export {
  type AtomicBytes,
  type AtomicOptions,
  type AtomicResult,
  type AtomicStats,
  AtomicValue,
  type PromotedToLock,
} from './counters/atomic-value.ts';
export { Counter, type CounterOptions } from './counters/counter.ts';
export {
  SharedCount,
  type SharedOptions,
  SharedValue,
  type Versioned,
} from './counters/shared-value.ts';
export { defaultData } from './data-local.ts';
export type { WaitOptions } from './deadline.ts';
export type { InstanceFormat } from './discovery/instance-json.ts';
export { ServiceCache, type ServiceCacheOptions } from './discovery/service-cache.ts';
export { ServiceDiscovery, type ServiceDiscoveryOptions } from './discovery/service-discovery.ts';
export {
  buildUri,
  type ServiceInstance,
  type ServiceInstanceFields,
  type ServiceType,
  serviceInstance,
} from './discovery/service-instance.ts';
export {
  type DownInstancePolicy,
  ServiceProvider,
  type ServiceProviderOptions,
} from './discovery/service-provider.ts';
export {
  type ProviderStrategy,
  randomChoice,
  roundRobin,
  sticky,
} from './discovery/strategies.ts';
export { type UriPart, UriSpec, type UriVariables } from './discovery/uri-spec.ts';
export {
  Election,
  type ElectionOptions,
  type Term,
  type TermsOptions,
} from './election/election.ts';
export {
  LeaderLatch,
  type LeaderLatchOptions,
  type LeaderTerm,
  type Participant,
} from './election/leader-latch.ts';
export { type Codec, jsonCodec, textCodec } from './framework/codec.ts';
export { clientAddresses, EnsembleTracker } from './framework/ensemble-tracker.ts';
export { gzipCodec } from './framework/gzip.ts';
export {
  Model,
  ModelDecodeError,
  type Modeled,
  type ModelOptions,
  type ModelUpdateOptions,
  type ModelWriteOptions,
} from './framework/model.ts';
export { openNamespace } from './framework/namespace.ts';
export { type PathParameters, PathTemplate } from './framework/path-template.ts';
export {
  boundedExponentialBackoff,
  type ExponentialBackoffOptions,
  exceptSessionFailed,
  exponentialBackoff,
  isRetryable,
  type RetryPolicy,
  retryForever,
  retryOnce,
  retryTimes,
  retryUntilElapsed,
} from './framework/retry-policy.ts';
export {
  type Allowance,
  CheckedClient,
  type DataValidator,
  type Schema,
  SchemaSet,
  type SchemaSetOptions,
  SchemaViolationError,
} from './framework/schema.ts';
export { parseSchemas } from './framework/schema-json.ts';
export { type RetryOptions, withRetry } from './framework/with-retry.ts';
export {
  deleteInBackground,
  type GuaranteedDeleteOptions,
  guaranteedDelete,
} from './guaranteed-delete.ts';
export type { ChangesOptions } from './latest-feed.ts';
export type { LeaseCount } from './locks/lease-pool.ts';
export type {
  AcquireOptions,
  Contender,
  Held,
  HeldLock,
  HeldZnode,
  HoldOptions,
  Lock,
  LockLayout,
  LockOptions,
} from './locks/lock.ts';
export { MultiLock } from './locks/multi-lock.ts';
export { Mutex } from './locks/mutex.ts';
export { type HeldWriteLock, ReadWriteLock } from './locks/read-write-lock.ts';
export { revoke } from './locks/revocation.ts';
export { type LeaseHolder, Semaphore } from './locks/semaphore.ts';
export { SemaphoreMutex } from './locks/semaphore-mutex.ts';
export { GroupMember, type GroupMemberOptions, type Members } from './membership/group-member.ts';
export { Party, type PartyOptions, ShallowParty } from './membership/party.ts';
export { PersistentNode, type PersistentNodeOptions } from './membership/persistent-node.ts';
export {
  PersistentTtlNode,
  type PersistentTtlNodeOptions,
} from './membership/persistent-ttl-node.ts';
export {
  type Allocation,
  type PartitionRule,
  SetPartitioner,
  type SetPartitionerOptions,
} from './membership/set-partitioner.ts';
export { createProtected, type ProtectedCreateOptions } from './protected-create.ts';
export type {
  BaseQueue,
  BaseQueueOptions,
  ConsumeOptions,
  FailureMode,
  ItemsOptions,
  PutOptions,
  QueueOptions,
} from './queue/base-queue.ts';
export type { QueueClock } from './queue/consumer.ts';
export { DelayQueue, type Due } from './queue/delay-queue.ts';
export { IdQueue } from './queue/id-queue.ts';
export { type KazooPutOptions, KazooQueue, LockingQueue } from './queue/kazoo-queue.ts';
export { PriorityQueue } from './queue/priority-queue.ts';
export { Queue } from './queue/queue.ts';
export { CorruptItemError, type QueueItem } from './queue/queue-item.ts';
export { QueueSharder, type QueueSharderOptions } from './queue/queue-sharder.ts';
export { SimpleQueue } from './queue/simple-queue.ts';
export {
  compareSequences,
  type SequencedName,
  sequenceOf,
  sortBySequence,
  trySequenceOf,
} from './sequence.ts';
export { type ErrorPolicy, SessionGuard, type SessionGuardOptions } from './session-guard.ts';
export { type KeptSession, keepSession } from './sessions/keep-session.ts';
export type { SessionProvider, SessionSource } from './sessions/session-source.ts';
