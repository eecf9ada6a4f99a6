/**
 * Whether the server should read no more from a connection for now: more requests are in work on the
 * whole server than `globalOutstandingLimit`, and this connection has some of them. One without any is
 * always read, so that a ping gets through.
 *
 * Source: ZooKeeperServer.shouldThrottle.
 *
 * @param clientOutstanding - requests of this connection with a positive xid that have no answer yet.
 */
export function mustPauseReading(
  clientOutstanding: number,
  serverOutstanding: number,
  outstandingLimit: number,
): boolean {
  return clientOutstanding > 0 && serverOutstanding > outstandingLimit;
}
