/**
 * Tests of kazoo's suite that pass against one Apache server and not against ours, with the reason.
 * Everything that is not listed here and passes there must pass here.
 */
export const EXPECTED_FAILURES: readonly (readonly [RegExp, string])[] = [
  [/^test_sasl\.TestSASLDigestAuthentication\./, 'SASL is not implemented yet'],
  [/^test_sasl\.TestLegacySASLDigestAuthentication\./, 'SASL is not implemented yet'],
];

/** Files that are run when there is no time for all of them. */
export const REPRESENTATIVE_FILES: readonly string[] = [
  'test_client.py',
  'test_connection.py',
  'test_watchers.py',
  'test_lock.py',
  'test_election.py',
  'test_queue.py',
  'test_cache.py',
  'test_threading_handler.py',
];
