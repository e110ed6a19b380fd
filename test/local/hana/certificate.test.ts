import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { localhostCertificate } from '#local/hana/certificate.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('makes a certificate for localhost whose key only its owner can read', async () => {
  const { key, cert, certFile } = await localhostCertificate(join(folder, 'tls'));

  const certificate = new X509Certificate(cert);
  expect(certificate.subjectAltName).toBe('DNS:localhost');
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect((await stat(join(folder, 'tls', 'localhost-key.pem'))).mode & 0o777).toBe(0o600);
  expect(certFile).toBe(join(folder, 'tls', 'localhost-cert.pem'));
  expect(await readdir(join(folder, 'tls'))).toHaveLength(2);
});

it('keeps it for the next start', async () => {
  const first = await localhostCertificate(folder);
  const second = await localhostCertificate(folder);

  expect(second).toEqual(first);
});

it('makes another one when the first nears its end', async () => {
  const first = await localhostCertificate(folder);
  const second = await localhostCertificate(folder, new Date(Date.now() + 380 * 86_400_000));

  expect(second.cert).not.toBe(first.cert);
  expect(new X509Certificate(second.cert).validToDate.getTime()).toBeGreaterThan(Date.now() + 700 * 86_400_000);
});

it.each([
  ['a broken certificate', 'localhost-cert.pem'],
  ['a broken key', 'localhost-key.pem'],
])('replaces %s, and keeps the key private even so', async (_, file) => {
  await localhostCertificate(folder);
  await writeFile(join(folder, file), 'broken');
  await chmod(join(folder, file), 0o666);

  const { cert, key } = await localhostCertificate(folder);

  expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect((await stat(join(folder, 'localhost-key.pem'))).mode & 0o777).toBe(0o600);
});
