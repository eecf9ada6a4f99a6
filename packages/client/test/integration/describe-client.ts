import { afterAll, beforeAll, describe } from 'vitest';
import { checkLeaks } from '../support/leaks.ts';
import { describeErrors } from './describe-errors.ts';
import { describeHelpers } from './describe-helpers.ts';
import { describeOperations } from './describe-operations.ts';
import { describeSessions } from './describe-sessions.ts';
import { describeWatches } from './describe-watches.ts';
import { type StartServer, Suite } from './suite-server.ts';

/** The suite that the client passes against every server. */
export function describeClient(name: string, startServer: StartServer): void {
  describe(name, () => {
    const suite = new Suite();
    beforeAll(async () => {
      suite.server = await startServer();
    });
    afterAll(async () => {
      await suite.server?.[Symbol.asyncDispose]();
    });
    checkLeaks();
    describeOperations(suite);
    describeErrors(suite);
    describeWatches(suite);
    describeHelpers(suite);
    describeSessions(suite);
  });
}
