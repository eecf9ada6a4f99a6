import { createHash } from 'node:crypto';
import {
  AccessRules,
  type AuthProvider,
  DigestProvider,
  EnsembleProvider,
  ipProvider,
} from '@zooid/core';
import type { SecurityConfig } from './config/config.ts';

/** The rules of permission that an operator configured, with the cryptography that the core has not. */
export function accessRulesOf(config: SecurityConfig): AccessRules {
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
    providers.push(new EnsembleProvider(config.ensembleNames));
  }
  return new AccessRules({
    providers,
    skipAcl: config.isAclSkipped,
    enforcedSchemes: config.enforcedSchemes,
  });
}
