// What can be done to the network between clients and a server.

/** Which way bytes go. */
export type Direction = 'to-server' | 'to-client';

/**
 * How a connection ends. `end`: in order (FIN), behind the bytes that have passed. `reset`: at once (RST); what has
 * passed and was not read yet may be lost.
 */
export type Ending = 'end' | 'reset';

/** One direction only; both unless given. */
export interface FaultOptions {
  readonly direction?: Direction | undefined;
}

/** Where a connection is cut. */
export interface CutPoint {
  /** Bytes of this direction are counted. */
  readonly direction: Direction;
  /** So many of them pass, then none any more in either direction. With 0 nothing ever passes. */
  readonly bytes: number;
  /** For both sides; `end` unless given, so that the bytes that passed arrive. */
  readonly ending?: Ending | undefined;
}

/** A cut that waits for its connection. */
export interface PendingCut {
  /** Resolves with true when the connection was cut; with false when it ended before, or the cut was called off. */
  readonly done: Promise<boolean>;
}

/** What has passed since the start. */
export interface Traffic {
  /** Connections of clients that were accepted, those that are gone included. */
  readonly acceptedCount: number;
  /** Connections of clients that are open now. */
  readonly openCount: number;
  /** Bytes that were passed on. */
  readonly bytesToServer: number;
  readonly bytesToClient: number;
}

/** A network that fails on demand. Faults add up; {@link heal} ends them all. */
export interface NetworkFaults {
  readonly traffic: Traffic;

  /** Ends every connection, on both sides. Bytes that wait in between are lost. By a reset unless told otherwise. @returns how many. */
  dropConnections(options?: { readonly ending?: Ending | undefined }): number;

  /**
   * From now on everything takes so much longer: opening a connection, bytes, its end. The order is kept. What is under way
   * arrives when it would have. @param ms - 0 ends it.
   */
  delay(ms: number, options?: FaultOptions): void;

  /**
   * Silence: connections stay open and new ones are accepted, but nothing passes, neither bytes nor the end of a connection, until
   * {@link heal}. Then everything arrives. With a direction, only that one is silent.
   */
  partition(options?: FaultOptions): void;

  /** From now on nobody listens on the port, until {@link heal}. Open connections stay. */
  refuse(): void;

  /**
   * Cuts the next connection that is accepted, after exactly so many bytes of one direction. Called again before that, it is
   * about the one after.
   */
  cutAfter(point: CutPoint): PendingCut;

  /** Ends all faults: what was held back passes, in order, cuts that wait are called off. Resolves when clients can connect. */
  heal(): Promise<void>;
}
