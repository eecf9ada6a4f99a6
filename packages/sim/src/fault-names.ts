/** What can go wrong: docs/internals/simulator.md says what each is, and why the ensemble must survive it. */
export const serverFaultNames = [
  'crash',
  'crash-leader',
  'power-loss',
  'blackout',
  'pause',
  'cut',
  'isolate',
  'isolate-leader',
  'one-way',
  'ring',
  'clog',
  'slow-disk',
  'stalled-disk',
  'disk-error',
  'unreadable-log',
  'bit-flip',
  'clock-jump',
  'client-drop',
  'burst',
  'reconfig',
] as const;

/** The same for the processes of clients. */
export const clientFaultNames = [
  'client-crash',
  'client-pause',
  'client-isolate',
  'client-clock-jump',
] as const;

export type FaultName = (typeof serverFaultNames)[number] | (typeof clientFaultNames)[number];
