import { describe, expect, it } from 'vitest';
import { parseWarehouseSecret } from '#shared/warehouse/credentials.ts';

const fedml = {
  address: 'abc.hana.prod-eu10.hanacloud.ondemand.com',
  port: '443',
  user: 'SALES#ML',
  password: 'Canary123',
  schema: 'SALES',
};

describe('parseWarehouseSecret', () => {
  it("takes FedML's config.json with its booleans and numbers as text", () => {
    const text = JSON.stringify({
      ...fedml,
      encrypt: 'true',
      sslValidateCertificate: 'false',
      disableCloudRedirect: 'true',
      communicationTimeout: '0',
      autocommit: 'true',
      sslUseDefaultTrustStore: 'true',
    });

    expect(parseWarehouseSecret(text)).toMatchObject({
      port: 443,
      encrypt: true,
      sslValidateCertificate: false,
      communicationTimeout: 0,
    });
  });

  it('encrypts and checks the certificate unless it is told otherwise', () => {
    expect(parseWarehouseSecret(JSON.stringify(fedml))).toMatchObject({ encrypt: true, sslValidateCertificate: true });
  });

  it('names every mistake at once and never the password', () => {
    const text = JSON.stringify({ ...fedml, address: '', port: 'https', sslValidateCertificat: 'true' });

    const parse = () => parseWarehouseSecret(text);

    expect(parse).toThrow(expect.objectContaining({ name: 'InvalidInputError' }));
    expect(parse).toThrow(/sslValidateCertificat/);
    expect(parse).toThrow(/address/);
    expect(parse).toThrow(/port/);
    expect(parse).not.toThrow(/Canary/);
  });

  it('does not quote a secret that is not JSON', () => {
    expect(() => parseWarehouseSecret('{"password": Canary123')).toThrow('The warehouse secret is not JSON.');
  });
});
