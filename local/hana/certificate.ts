import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface LocalhostCertificate {
  /** PEM texts. */
  readonly key: string;
  readonly cert: string;
  /** Where `cert` is kept, for clients that want a trust store by its path. */
  readonly certFile: string;
}

/**
 * A certificate for `localhost` that signs itself, kept in `folder` and made anew shortly before it expires. The key file
 * can be read by its owner only.
 *
 * @param otherNames further names that it is good for, such as `*.kyma.localhost` or 127.0.0.1.
 */
export const localhostCertificate = async (
  folder: string,
  now = new Date(),
  otherNames: readonly string[] = [],
): Promise<LocalhostCertificate> => {
  const names = ['localhost', ...otherNames];
  const certFile = join(folder, 'localhost-cert.pem');
  const keyFile = join(folder, 'localhost-key.pem');
  const kept = await readPair(keyFile, certFile);
  if (kept && isUsable(kept, names, now)) return { ...kept, certFile };

  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - DAY_MS), // the clocks of client and server may differ
    notAfterDate: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map(altName) },
    ],
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(keyFile, made.private, 0o600);
  await replaceFile(certFile, made.cert, 0o644);
  return { key: made.private, cert: made.cert, certFile };
};

const DAY_MS = 86_400_000;
const VALID_DAYS = 397;
/** A kept certificate is replaced when it has fewer days left. */
const RENEW_DAYS = 30;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

const altName = (name: string) =>
  isIP(name) ? ({ type: IP_ADDRESS, ip: name } as const) : ({ type: DNS_NAME, value: name } as const);

const readPair = async (keyFile: string, certFile: string): Promise<{ key: string; cert: string } | undefined> => {
  try {
    return { key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const isUsable = (
  { key, cert }: { readonly key: string; readonly cert: string },
  names: readonly string[],
  now: Date,
): boolean => {
  try {
    const certificate = new X509Certificate(cert);
    const hasTime = certificate.validToDate.getTime() - now.getTime() > RENEW_DAYS * DAY_MS;
    const isGoodFor = (name: string) =>
      (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name.replace('*', 'any'))) !== undefined;
    return hasTime && certificate.checkPrivateKey(createPrivateKey(key)) && names.every(isGoodFor);
  } catch {
    return false; // half-written or foreign files are replaced
  }
};

/** Readers see the old file or the new one, never half of it. */
const replaceFile = async (file: string, content: string, mode: number): Promise<void> => {
  const temporary = `${file}.${process.pid}`;
  await rm(temporary, { force: true });
  await writeFile(temporary, content, { mode, flag: 'wx' });
  await rename(temporary, file);
};
