import { createHash } from 'node:crypto';
import {
  AccessRules,
  type AuthProvider,
  DigestProvider,
  EnsembleProvider,
  type EnsembleVerdict,
  ipProvider,
} from '@zooid/core';
import type { SecurityConfig } from './config/config.ts';
import type { ServerStats } from './report/server-stats.ts';

/**
 * The rules of permission that an operator configured, with the cryptography that the core has not.
 *
 * @throws RangeError when a scheme is enforced that nobody could prove: no client would ever get in. Configuration
 *   files are refused for that before; this is for programs that embed a server.
 */
export function accessRulesOf(config: SecurityConfig, stats?: ServerStats): AccessRules {
  const providers: AuthProvider[] = [ipProvider];
  if (config.isDigestSchemeOn) {
    providers.push(
      new DigestProvider({
        hash: (text) => createHash(config.digestAlgorithm).update(text).digest('base64'),
        superDigest: config.superDigest?.reveal(),
      }),
    );
  }
  if (config.ensembleNames !== undefined) {
    const onJudged = (verdict: EnsembleVerdict) => stats?.countEnsembleName(verdict);
    providers.push(new EnsembleProvider(config.ensembleNames, onJudged));
  }
  const rules = new AccessRules({
    providers,
    skipAcl: config.isAclSkipped,
    enforcedSchemes: config.enforcedSchemes,
  });
  const missing = rules.missingSchemes;
  if (missing.length > 0) {
    throw new RangeError(
      `security.enforcedSchemes asks for ${missing.join(', ')}, which this server does not have: ` +
        'remove it there, or switch the scheme on',
    );
  }
  return rules;
}
