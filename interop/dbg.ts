import { Comparison, ServerPair } from './differential/compare-servers.ts';
import { Generator } from './differential/generator.ts';
import { describeStep } from './differential/steps.ts';
import { fourLetterWord } from './harness/server.ts';

const profile = process.argv[2] as any;
const seeds = process.argv[3]!.split(',').map(Number);
const size = async (s: any) =>
  /zk_approximate_data_size\t(\d+)/.exec(await fourLetterWord(s.port, 'mntr'))![1];
await using pair = await ServerPair.start('zooid', profile);
outer: for (const seed of seeds) {
  const g = new Generator(seed, profile);
  const c = new Comparison(pair);
  for (let s = 0; s < 3; s++) await c.play(g.connectNew(s));
  const last = '';
  for (let i = 0; i < 300; i++) {
    const step = g.next(c.isConnected);
    const { lines, difference } = await c.play(step);
    for (const l of lines)
      if (l.text.includes('zxid=2339 ')) {
        const xid = /xid=(\d+)/.exec(l.text)?.[1];
        console.log(
          l.text,
          describeStep(step)
            .split('\n')
            .filter((t) => t.includes(`xid=${xid} `)),
        );
      }
    if (difference) {
      console.log('diff', difference.report.slice(0, 2000));
      break outer;
    }
    g.learn(lines);
    const [a, b] = [await size(pair.reference), await size(pair.other)];
    if (a !== b) {
      console.log(seed, i, a, b, describeStep(step));
      console.log(lines.map((l) => l.text).join('\n'));
      break outer;
    }
  }
  c.close();
}
