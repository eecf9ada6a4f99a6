/**
 * The API of node-zookeeper-client on the client library. Begin with {@link createClient}.
 *
 * @module @zooid/client/compat
 */
export * from '@zooid/client/compat';
