/**
 * The trace mask of `gtmk` and `stmk`. It is remembered and told, so that tools that set it work; nothing here traces by
 * it: the log level decides what is logged.
 */

/** What ZooTrace starts with: client requests, sessions, quorum messages, everything but pings. */
const DEFAULT_MASK = 306n;

/** One remembered 64-bit mask. */
export class TraceMask {
  /** Signed 64 bits. */
  value: bigint = DEFAULT_MASK;
}
