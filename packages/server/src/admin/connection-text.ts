/**
 * One client connection as text (`cons`, `stat`) and as JSON (/commands/connections, /commands/stats).
 * Source of names and order: ServerCnxn.dumpConnectionInfo and getConnectionInfo.
 */
import { OpCode } from '@zooid/protocol';
import type { ConnectionView } from './admin-view.ts';
import { javaHex, javaSocketAddress } from './java-text.ts';
import type { Json } from './json-text.ts';

/** `lop=` of each request. Source: FinalRequestProcessor. */
const LAST_OPERATION: ReadonlyMap<number, string> = new Map<number, string>([
  [OpCode.ping, 'PING'],
  [OpCode.createSession, 'SESS'],
  [OpCode.multi, 'MULT'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createTTL, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.deleteContainer, 'DELE'],
  [OpCode.setData, 'SETD'],
  [OpCode.reconfig, 'RECO'],
  [OpCode.setACL, 'SETA'],
  [OpCode.closeSession, 'CLOS'],
  [OpCode.sync, 'SYNC'],
  [OpCode.check, 'CHEC'],
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.setWatches, 'SETW'],
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.getACL, 'GETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.whoAmI, 'HOMI'],
  [OpCode.getEphemerals, 'GETE'],
]);

/** Bits of java.nio's SelectionKey. */
const OP_READ = 1;
const OP_WRITE = 4;

/** How much of a connection is told. */
export type ConnectionDetail = 'brief' | 'full';

/** One line without its newline. */
export function connectionLine(connection: ConnectionView, detail: ConnectionDetail): string {
  const { stats } = connection;
  let line =
    ` /${javaSocketAddress(connection.remoteAddress, connection.remotePort)}` +
    `[${interestOps(connection).toString(16)}](queued=${connection.outstandingRequests}` +
    `,recved=${stats.packetsReceived},sent=${stats.packetsSent}`;
  if (detail === 'full' && connection.sessionId !== 0n) {
    line +=
      `,sid=0x${javaHex(connection.sessionId)},lop=${lastOperation(connection)}` +
      `,est=${connection.establishedMs},to=${connection.sessionTimeoutMs}` +
      (stats.lastCxid >= 0 ? `,lcxid=0x${javaHex(stats.lastCxid)}` : '') +
      `,lzxid=0x${javaHex(stats.lastZxid)},lresp=${Math.floor(stats.lastResponseMs)}` +
      `,llat=${Math.floor(stats.lastLatencyMs)},minlat=${Math.floor(stats.minLatencyMs)}` +
      `,avglat=${stats.avgLatencyMs},maxlat=${Math.floor(stats.maxLatencyMs)}`;
  }
  return `${line})`;
}

/** The same as an object for JSON. */
export function connectionJson(connection: ConnectionView, detail: ConnectionDetail): Json {
  const { stats } = connection;
  const brief = {
    remote_socket_address: javaSocketAddress(connection.remoteAddress, connection.remotePort),
    interest_ops: interestOps(connection),
    outstanding_requests: connection.outstandingRequests,
    packets_received: stats.packetsReceived,
    packets_sent: stats.packetsSent,
  };
  if (detail === 'brief') return brief;
  return {
    ...brief,
    session_id: connection.sessionId,
    last_operation: lastOperation(connection),
    established: connection.establishedMs,
    session_timeout: connection.sessionTimeoutMs,
    last_cxid: stats.lastCxid,
    last_zxid: stats.lastZxid,
    last_response_time: Math.floor(stats.lastResponseMs),
    last_latency: Math.floor(stats.lastLatencyMs),
    min_latency: Math.floor(stats.minLatencyMs),
    avg_latency: stats.avgLatencyMs,
    max_latency: Math.floor(stats.maxLatencyMs),
  };
}

function interestOps(connection: ConnectionView): number {
  return (connection.isReading ? OP_READ : 0) | (connection.isWriting ? OP_WRITE : 0);
}

function lastOperation({ stats }: ConnectionView): string {
  return (stats.lastOp === undefined ? undefined : LAST_OPERATION.get(stats.lastOp)) ?? 'NA';
}
