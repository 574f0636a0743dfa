/** Certificates made on the spot: an authority, and what it signs. */
// What @peculiar/x509 is built on wants it first.
import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type JsonGeneralName,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly cert: string;
  /** A leaf for a name; servers get the loopback address as a name too. */
  issue(commonName: string, names?: readonly JsonGeneralName[]): Promise<Pem>;
}

const LOOPBACK: readonly JsonGeneralName[] = [
  { type: 'ip', value: '127.0.0.1' },
  { type: 'dns', value: 'localhost' },
];

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await makeKeys();
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    cert: root.toString('pem'),
    issue: async (commonName, names = LOOPBACK) => {
      const leaf = await makeKeys();
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: [{ CN: [commonName] }],
        issuer: root.subject,
        ...validity,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        publicKey: leaf.publicKey,
        extensions: [
          new BasicConstraintsExtension(false),
          new SubjectAlternativeNameExtension([...names]),
          await AuthorityKeyIdentifierExtension.create(root.publicKey),
        ],
      });
      const der = await crypto.subtle.exportKey('pkcs8', leaf.privateKey);
      return { cert: certificate.toString('pem'), key: PemConverter.encode(der, 'PRIVATE KEY') };
    },
  };
}

const makeKeys = () =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

/** Positive: the first bit is clear. */
const serial = (): string => `01${randomBytes(15).toString('hex')}`;
