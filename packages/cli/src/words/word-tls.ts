import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsOptions } from '@zooid/client';
import { CommandError, ExitCode } from '../exit.ts';
import { clientProperties, type TlsArguments, tlsOptions } from '../tls-arguments.ts';

/** TLS for words, made once for all of them. */
export interface WordTls {
  readonly secureContext: SecureContext;
  /** Whether the server must be who it says. */
  readonly rejectUnauthorized: boolean;
}

/** @throws CommandError when certificate, key or passphrase cannot be used. */
function wordTls(options: TlsOptions): WordTls {
  const { ca, cert, key, passphrase, pfx, rejectUnauthorized = true } = options;
  if ((cert === undefined) !== (key === undefined))
    throw new CommandError('a certificate needs its key, and a key its certificate', {
      exitCode: ExitCode.badInvocation,
      remedy: 'Give both --cert and --key.',
    });
  const buffer = (value: string | Uint8Array) => Buffer.from(value as Uint8Array);
  try {
    const secureContext = createSecureContext({
      ca: ca === undefined ? undefined : [ca].flat().map(buffer),
      cert: cert === undefined ? undefined : buffer(cert),
      key: key === undefined ? undefined : buffer(key),
      pfx: pfx === undefined ? undefined : buffer(pfx),
      passphrase,
    });
    return { secureContext, rejectUnauthorized };
  } catch (error) {
    throw new CommandError(`TLS cannot be set up: ${(error as Error).message}`, {
      exitCode: ExitCode.badInvocation,
      cause: error,
    });
  }
}

/** What arguments and environment say; undefined when nobody asks for TLS. @throws as {@link wordTls}. */
export function wordTlsOf(
  args: TlsArguments,
  environment: Readonly<Record<string, string | undefined>>,
): WordTls | undefined {
  const options = tlsOptions(args, clientProperties(environment));
  return options === undefined ? undefined : wordTls(options);
}

/** What an error of TLS means for whoever asks; undefined for others. */
export function tlsProblem(
  error: NodeJS.ErrnoException,
): { readonly problem: string; readonly remedy: string } | undefined {
  const { code = '' } = error;
  // Of OpenSSL's messages the part for people.
  const message = 'reason' in error ? String(error.reason) : error.message;
  if (code === 'EPROTO' || code.includes('WRONG_VERSION_NUMBER') || code.includes('PACKET_LENGTH'))
    return {
      problem: 'does not speak TLS on this port',
      remedy: 'Is it the secureClientPort of its zoo.cfg?',
    };
  if (code.includes('_ALERT_'))
    return {
      problem: `refuses the connection: ${message}`,
      remedy: 'It may want a certificate of ours: --cert and --key.',
    };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      problem: `has a certificate of another name: ${message}`,
      remedy: 'Use the name that stands in its certificate.',
    };
  if (/CERT|SIGNATURE|ISSUER|SIGNED/.test(code))
    return {
      problem: `has a certificate that is not trusted: ${message}`,
      remedy: '--ca FILE names who may have signed it.',
    };
  return undefined;
}
