/**
 * The client library. Begin with {@link connect}; what it gives is a {@link ZooKeeper}. All that calls reject with is a
 * {@link ZooKeeperError}.
 *
 * @module @zooid/client
 */
export * from '@zooid/client';
