/**
 * Writes what kazoo's suite gives against three Apache servers, for which the machine should be quiet:
 *
 *   node --conditions=@zooid/source --import tsx interop/kazoo/record-baseline.ts
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runKazooSuite } from './run-suite.ts';

const { outcomes } = await runKazooSuite('apache');
const lines = [...outcomes].map(([name, outcome]) => `${outcome} ${name}\n`).sort();
await writeFile(join(import.meta.dirname, 'baseline-apache-3.8.0.txt'), lines.join(''));
console.log(`${lines.length} tests`);
