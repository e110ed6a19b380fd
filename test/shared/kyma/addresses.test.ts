import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addressGuard } from '#shared/kyma/addresses.ts';

const guard = addressGuard([]);

describe('a URL', () => {
  it.each([
    'https://flights.kyma.example.com/invocations',
    'https://flights.kyma.example.com:8443/',
    'https://9.9.9.9/',
    'https://[2620:fe::fe]/',
  ])('may be %s', (url) => {
    expect(guard.parseUrl(url).protocol).toBe('https:');
  });

  it.each([
    ['the metadata service', 'https://169.254.169.254/latest/meta-data/'],
    ['the metadata service over IPv6', 'https://[fd00:ec2::254]/'],
    ['loopback', 'https://127.0.0.1/'],
    ['loopback, shortened', 'https://127.1/'],
    ['loopback as one decimal number', 'https://2130706433/'],
    ['loopback in hexadecimal', 'https://0x7f.0.0.1/'],
    ['loopback in octal', 'https://0177.0.0.1/'],
    ['loopback, full width', 'https://１２７.０.０.１/'],
    ['loopback over IPv6', 'https://[::1]/'],
    ['the unspecified address', 'https://[::]/'],
    ['the unspecified IPv4 address', 'https://0.0.0.0/'],
    ['IPv4 within IPv6', 'https://[::ffff:10.0.0.1]/'],
    ['IPv4 within IPv6, in hexadecimal', 'https://[::ffff:a9fe:a9fe]/'],
    ['IPv4 behind NAT64', 'https://[64:ff9b::a9fe:a9fe]/'],
    ['a private network', 'https://10.1.2.3/'],
    ['another private network', 'https://172.31.0.1/'],
    ['a home network', 'https://192.168.1.1/'],
    ['a carrier network', 'https://100.64.0.1/'],
    ['link-local over IPv6', 'https://[fe80::1]/'],
    ['a multicast address', 'https://224.0.0.1/'],
  ])('must not lead to %s', (_, url) => {
    expect(() => guard.parseUrl(url)).toThrow(expect.objectContaining({ name: 'ForbiddenAddressError' }));
  });

  it.each([
    ['http', 'http://flights.kyma.example.com/'],
    ['a file', 'file:///etc/passwd'],
    ['a data URL', 'data:text/plain,x'],
    ['a user name', 'https://user@flights.example.com/'],
    ['a user name that looks like the host', 'https://flights.example.com:x@10.0.0.1/'],
    ['no URL', 'flights'],
  ])('must not be %s', (_, url) => {
    expect(() => guard.parseUrl(url)).toThrow(expect.objectContaining({ name: 'InvalidInputError' }));
  });
});

describe('a name', () => {
  const lookup = (name: string, allowed: string[] = []) =>
    promisify(addressGuard(allowed).lookup)(name, { all: false });

  it('that resolves to loopback is refused, by the address', async () => {
    await expect(lookup('flights.kyma.localhost')).rejects.toMatchObject({
      name: 'ForbiddenAddressError',
      message: expect.stringContaining('flights.kyma.localhost leads to 127.0.0.1'),
    });
  });

  it('below localhost is loopback, where that is allowed', async () => {
    expect(await lookup('flights.kyma.localhost', ['127.0.0.0/8'])).toBe('127.0.0.1');
  });

  it('is resolved to a list for clients that ask for one', async () => {
    const all = promisify(addressGuard(['127.0.0.0/8']).lookup)('localhost', { all: true });

    expect(await all).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });
});

describe('the list of allowed networks', () => {
  it('opens what it names and nothing else', () => {
    const { parseUrl } = addressGuard(['10.20.0.0/16', 'fd12:3456::/32']);

    expect(parseUrl('https://10.20.1.1/').hostname).toBe('10.20.1.1');
    expect(parseUrl('https://[fd12:3456::1]/').hostname).toBe('[fd12:3456::1]');
    expect(() => parseUrl('https://10.21.1.1/')).toThrow('10.21.1.1');
    expect(() => parseUrl('https://169.254.169.254/')).toThrow('169.254.169.254');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'localhost/8', '/8', '10.0.0.0/x'])('refuses %s', (network) => {
    expect(() => addressGuard([network])).toThrow(expect.objectContaining({ name: 'InvalidInputError' }));
  });
});
