import { accepted, type ConfigKey, honoured } from '../config-key.ts';
import {
  integer,
  propertyBoolean,
  propertyInteger,
  type Reading,
  share,
} from '../value-readers.ts';

/** Fewer bytes have no room for what clients usually ask. */
const FRAME_BYTES_USUAL = 1024;
/** A frame that is longer could not be told from a four-letter word. */
const FRAME_BYTES_MAX = 2 ** 30 - 1;

function frameBytes(text: string): Reading<number> {
  const reading = propertyInteger({ min: 1 })(text);
  if (reading.kind !== 'value') return reading;
  if (reading.value > FRAME_BYTES_MAX) {
    const warning = `is more than any request may have: ${FRAME_BYTES_MAX} is used`;
    return { kind: 'value', value: FRAME_BYTES_MAX, warning };
  }
  if (reading.value >= FRAME_BYTES_USUAL) return reading;
  return { ...reading, warning: 'is so little that clients can do next to nothing' };
}

export const connectionKeys: readonly ConfigKey[] = [
  honoured({
    name: 'maxClientCnxns',
    form: 'file',
    default: '60',
    meaning: 'Connections from one address. 0 or less is no limit.',
    reader: integer(),
    put: (draft, count) => {
      draft.network.connectionCountPerAddressMax = Math.max(0, count);
    },
  }),
  honoured({
    name: 'maxCnxns',
    form: 'both',
    default: '0',
    meaning: 'Connections in all. 0 or less is no limit.',
    reader: propertyInteger(),
    put: (draft, count) => {
      draft.network.connectionCountMax = Math.max(0, count);
    },
  }),
  honoured({
    name: 'globalOutstandingLimit',
    form: 'both',
    default: '1000',
    meaning: 'Requests in work above which no more are read from the sockets. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, count) => {
      draft.throttle.outstandingRequestCountMax = count;
    },
  }),
  honoured({
    name: 'nio.sessionlessCnxnTimeout',
    form: 'both',
    default: '10000',
    meaning: 'Milliseconds after which a connection without a session is closed. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, timeoutMs) => {
      draft.network.sessionlessTimeoutMs = timeoutMs;
    },
  }),
  honoured({
    name: 'jute.maxbuffer',
    form: 'property',
    default: '1048575',
    meaning:
      'Bytes of the longest request. A longer one ends the connection. Set it on the clients, too. From 1 GiB on it counts as one byte less.',
    reader: frameBytes,
    put: (draft, bytes) => {
      draft.network.frameBytesMax = bytes;
    },
  }),
  accepted({
    name: 'jute.maxbuffer.extrasize',
    form: 'both',
    meaning:
      'Bytes by which a stored record may be longer than jute.maxbuffer when it is read back.',
    instead:
      'What was written is read back, whatever its size: sizes are checked when a request arrives.',
  }),
  honoured({
    name: 'connection_throttle_tokens',
    form: 'both',
    default: '0',
    meaning: 'Connections that may be opened at once before others are closed. 0 switches it off.',
    reader: propertyInteger({ min: 0 }),
    put: (draft, count) => {
      draft.connectionThrottle.tokenCount = count;
    },
  }),
  honoured({
    name: 'connection_throttle_fill_time',
    form: 'both',
    default: '1',
    meaning: 'Milliseconds after which tokens are added. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, timeMs) => {
      draft.connectionThrottle.fillTimeMs = timeMs;
    },
  }),
  honoured({
    name: 'connection_throttle_fill_count',
    form: 'both',
    default: '1',
    meaning: 'Tokens that are added each time.',
    reader: propertyInteger({ min: 0 }),
    put: (draft, count) => {
      draft.connectionThrottle.fillCount = count;
    },
  }),
  honoured({
    name: 'connection_throttle_freeze_time',
    form: 'both',
    default: '-1',
    meaning: 'Milliseconds between two changes of the probability of a refusal. -1 keeps it at 0.',
    reader: propertyInteger({ min: -1 }),
    put: (draft, timeMs) => {
      draft.connectionThrottle.freezeTimeMs = timeMs;
    },
  }),
  honoured({
    name: 'connection_throttle_drop_increase',
    form: 'both',
    default: '0.02',
    meaning: 'By how much that probability grows, 0 to 1.',
    reader: share,
    put: (draft, step) => {
      draft.connectionThrottle.dropIncrease = step;
    },
  }),
  honoured({
    name: 'connection_throttle_drop_decrease',
    form: 'both',
    default: '0.002',
    meaning: 'By how much it shrinks, 0 to 1.',
    reader: share,
    put: (draft, step) => {
      draft.connectionThrottle.dropDecrease = step;
    },
  }),
  honoured({
    name: 'connection_throttle_decrease_ratio',
    form: 'both',
    default: '0',
    meaning: 'Share of free tokens above which it shrinks, 0 to 1.',
    reader: share,
    put: (draft, ratio) => {
      draft.connectionThrottle.decreaseRatio = ratio;
    },
  }),
  honoured({
    name: 'connection_throttle_weight_enabled',
    form: 'both',
    default: 'false',
    meaning:
      'True: a connection takes as many tokens as its kind weighs, and tokens and fill_count are multiplied by the weight of a global session.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.connectionThrottle.isWeighted = isOn;
    },
  }),
  honoured({
    name: 'connection_throttle_global_session_weight',
    form: 'both',
    default: '3',
    meaning: 'Tokens for a new session. Not less than the weight of a local session.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, weight) => {
      draft.connectionThrottle.globalSessionWeight = weight;
    },
  }),
  honoured({
    name: 'connection_throttle_local_session_weight',
    form: 'both',
    default: '1',
    meaning: 'Tokens for a new local session.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, weight) => {
      draft.connectionThrottle.localSessionWeight = weight;
    },
  }),
  honoured({
    name: 'connection_throttle_renew_session_weight',
    form: 'both',
    default: '2',
    meaning: 'Tokens for a session that comes back. Not less than the weight of a local session.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, weight) => {
      draft.connectionThrottle.renewSessionWeight = weight;
    },
  }),
  honoured({
    name: 'request_throttle_max_requests',
    form: 'both',
    default: '0',
    meaning: 'Requests in work above which others wait. 0 switches it off.',
    reader: propertyInteger({ min: 0 }),
    put: (draft, count) => {
      draft.requestThrottle.requestCountMax = count;
    },
  }),
  honoured({
    name: 'request_throttle_stall_time',
    form: 'both',
    default: '100',
    meaning:
      'Milliseconds that a request waits at most before the number in work is looked at again. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, timeMs) => {
      draft.requestThrottle.stallTimeMs = timeMs;
    },
  }),
  honoured({
    name: 'request_throttle_drop_stale',
    form: 'both',
    default: 'true',
    meaning: 'Requests that nobody waits for any more are dropped.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.requestThrottle.isStaleDropped = isOn;
    },
  }),
  honoured({
    name: 'request_stale_latency_check',
    form: 'both',
    default: 'false',
    meaning: "A request that waited longer than its session's timeout is stale.",
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.requestThrottle.isLatencyChecked = isOn;
    },
  }),
  honoured({
    name: 'request_stale_connection_check',
    form: 'both',
    default: 'true',
    meaning: 'A request whose connection is closed is stale.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.requestThrottle.isConnectionChecked = isOn;
    },
  }),
  accepted({
    name: 'request_throttler.shutdownTimeout',
    form: 'both',
    default: '10000',
    meaning: 'Milliseconds that a stop waits for requests that are held back.',
    instead:
      'A stop does not wait for them: none of them was begun, and their clients see the connection close.',
  }),
  honoured({
    name: 'throttled_op_wait_time',
    form: 'both',
    default: '0',
    meaning:
      'Milliseconds of waiting after which a request is answered with ThrottledOp. 0 switches it off.',
    reader: propertyInteger({ min: 0 }),
    put: (draft, timeMs) => {
      draft.throttle.throttledOpWaitMs = timeMs;
    },
  }),
  honoured({
    name: 'largeRequestThreshold',
    form: 'both',
    default: '-1',
    meaning:
      'Bytes above which a request counts as large. -1 switches it off; 0 and less count as -1.',
    reader: propertyInteger(),
    put: (draft, bytes) => {
      draft.throttle.largeRequestThresholdBytes = bytes > 0 ? bytes : undefined;
    },
  }),
  honoured({
    name: 'largeRequestMaxBytes',
    form: 'both',
    default: '104857600',
    meaning: 'Bytes of all large requests in work. A connection that would exceed it is closed.',
    reader: (text) => {
      const reading = propertyInteger()(text);
      if (reading.kind !== 'value' || reading.value > 0) return reading;
      return { kind: 'default', warning: 'is not positive: the default is used' };
    },
    put: (draft, bytes) => {
      draft.throttle.largeRequestBytesMax = bytes;
    },
  }),
  accepted({
    name: 'intBufferStartingSizeBytes',
    form: 'both',
    default: '1024',
    meaning: 'First size of the buffer for a request.',
    instead: 'Requests are decoded where they arrive, without a buffer for each.',
  }),
  accepted({
    name: 'messageTracker.Enabled',
    form: 'both',
    default: 'false',
    meaning: 'Keeps the last packets between servers for debugging.',
    instead: 'There is no such memory.',
  }),
  accepted({
    name: 'messageTracker.BufferSize',
    form: 'both',
    default: '10',
    meaning: 'How many of them.',
    instead: 'There is no such memory.',
  }),
  ...[
    [
      'netty.advancedFlowControl.enabled',
      'false',
      'Reads one request at a time from each connection.',
    ],
    ['netty.server.outstandingHandshake.limit', '-1', 'TLS handshakes at the same time.'],
    [
      'netty.server.earlyDropSecureConnectionHandshakes',
      'false',
      'TLS handshakes are refused before the server runs.',
    ],
  ].map(([name, value, meaning]) =>
    accepted({
      name: name!,
      form: 'both',
      default: value!,
      meaning: meaning!,
      instead: 'There is no Netty here, and no TLS for clients yet; flow control is always on.',
    }),
  ),
];
