// The command from its sources, as a process: `node --conditions=@zooid/source --import tsx zooid.ts <arguments>`.
import { runProcess } from '../../src/index.ts';

await runProcess(process.argv.slice(2));
