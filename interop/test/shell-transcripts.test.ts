/**
 * The conversations that the shell's own tests hold with our server, held with Apache's: the same lines get the same answers.
 * Debian's Apache server is 3.8.0.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { playTranscript } from '../../packages/cli/test/support/play-transcript.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TestServer } from '../harness/server.ts';

const missing = missingPeer('apache');
const directory = resolve(import.meta.dirname, '../../packages/cli/test/shell/transcripts');

describe.skipIf(missing !== undefined)(
  suiteTitle("transcripts of the shell on Apache's server", missing),
  () => {
    test.each(readdirSync(directory))('%s', async (name) => {
      const files = mkdtempSync(join(tmpdir(), 'zooid-transcript-'));
      onTestFinished(() => rmSync(files, { recursive: true }));
      vi.stubEnv('VISUAL', '');
      vi.stubEnv('EDITOR', 'sed -i s/80/81/');
      onTestFinished(() => void vi.unstubAllEnvs());
      await using server = await TestServer.start('apache', {
        config: { extendedTypesEnabled: 'true' },
      });
      const transcript = readFileSync(join(directory, name), 'utf8');
      const played = await playTranscript(transcript, server.address, {
        usesJson: name.includes('json'),
        columns: name.includes('terminal') ? 60 : undefined,
        words: { DIRECTORY: files },
      });
      // Apache's server keeps identities in a set, which has no order.
      const ordered = played.replace('digest: user\nip: 127.0.0.1', 'ip: 127.0.0.1\ndigest: user');
      expect(ordered).toBe(transcript);
    });
  },
);
