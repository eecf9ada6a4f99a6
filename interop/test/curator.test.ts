import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CURATOR_CLASSPATH, missingPeer, suiteTitle } from '../harness/peers.ts';
import { pollUntil, runProcess, startProcess } from '../harness/process.ts';
import { TARGET, TestServer } from '../harness/server.ts';

const missing = missingPeer('curator');

describe.skipIf(missing !== undefined)(suiteTitle("Curator's recipes", missing), () => {
  let classes = '';

  beforeAll(async () => {
    classes = await mkdtemp(join(tmpdir(), 'zooid-interop-curator-'));
    const compiled = await runProcess('javac', [
      '-nowarn',
      '-cp',
      CURATOR_CLASSPATH,
      '-d',
      classes,
      resolve(import.meta.dirname, '../curator/CuratorScenarios.java'),
    ]);
    expect(compiled.code, compiled.stderr).toBe(0);
  });

  afterAll(async () => {
    await rm(classes, { recursive: true, force: true });
  });

  test('every scenario passes, over a restart of the server too', async () => {
    await using server = await TestServer.start(TARGET, {
      config: { extendedTypesEnabled: 'true' },
    });
    const program = startProcess('java', [
      '-Xmx256m',
      '-cp',
      `${classes}:${CURATOR_CLASSPATH}`,
      'CuratorScenarios',
      server.address,
    ]);
    let isOver = false;
    program.finished.then(
      () => {
        isOver = true;
      },
      () => {},
    );
    await pollUntil(
      async () => (isOver || program.output().includes('RESTART\n') ? true : undefined),
      150_000,
      () => program.output(),
    );
    await server.stop('SIGKILL');
    await server.start();
    program.write('restarted\n');
    const { code, stdout, stderr } = await program.finished;
    const lines = stdout.split('\n');
    expect(
      lines.filter((line) => line.startsWith('FAIL ')),
      `${stdout}\n${stderr}`,
    ).toEqual([]);
    expect(lines.filter((line) => line.startsWith('PASS ')).length).toBe(23);
    expect(code).toBe(0);
  }, 240_000);
});
