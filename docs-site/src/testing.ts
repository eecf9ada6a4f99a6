/**
 * Real servers for tests. Begin with {@link startTestServer}.
 *
 * @module @zooid/testing
 */
export * from '@zooid/testing';
