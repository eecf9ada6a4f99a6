/** What can go wrong: docs/internals/simulator.md says what each is, and why the ensemble must survive it. */
export const faultNames = [
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

export type FaultName = (typeof faultNames)[number];
