import { ServerCore } from '@zooid/core';
import { accessRulesOf } from '../../src/access.ts';
import { defaultConfig } from '../../src/config/config.ts';
import { coreOptionsOf } from '../../src/core-options.ts';
import { ServerMeter } from '../../src/report/server-meter.ts';
import { ServerStats } from '../../src/report/server-stats.ts';

/** A core to be restored, and the zxids at which its tree had not the digest that a transaction foretold. */
export function newCore(): { readonly core: ServerCore; readonly mismatches: readonly number[] } {
  const config = defaultConfig({ storage: { dataDir: '.' } });
  const mismatches: number[] = [];
  const core = new ServerCore({
    options: coreOptionsOf(config),
    outbox: {
      appendTxn: () => {
        throw new Error('nothing is logged during a restore');
      },
      report: (fact) => {
        if (fact.kind === 'digest-mismatch') mismatches.push(fact.zxid);
      },
    },
    meter: new ServerMeter(new ServerStats()),
    access: accessRulesOf(config.security),
    wallMs: 1_700_000_000_000,
    nowMs: 0,
    random: { next: () => 0.5 },
  });
  return { core, mismatches };
}
