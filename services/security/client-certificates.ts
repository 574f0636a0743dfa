/** Who a verified client certificate belongs to. */
import type { X509Certificate } from 'node:crypto';
import { isPrintableName } from './caller.ts';

/**
 * The first URI among the alternative names (SPIFFE), else the common name, else the fingerprint. Values that Node had
 * to quote are JSON strings, so that no name can pass for another one (CVE-2021-44532).
 */
export function subjectOf(certificate: X509Certificate): string {
  const quotedOrPlain = /(?:^|, )URI:("(?:[^"\\]|\\.)*"|[^,"]+)/.exec(certificate.subjectAltName ?? '')?.[1];
  const uri = quotedOrPlain?.startsWith('"') ? (JSON.parse(quotedOrPlain) as string) : quotedOrPlain;
  const { CN } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  const named = [uri, typeof CN === 'string' ? CN : undefined].find(isPrintableName);
  return `cert:${named ?? `sha256/${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`}`;
}
