import { lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ForbiddenAddressError, InvalidInputError } from '#shared/errors.ts';

/** Which addresses a URL that somebody configured may lead to. */
export interface AddressGuard {
  /**
   * Reads an https URL whose host, if it is an IP address, may be called.
   * Throws InvalidInputError for what is no plain https URL, ForbiddenAddressError for the address.
   */
  parseUrl(text: string): URL;
  /**
   * A `lookup` for connections: resolves the name and refuses it when one of its addresses may not be called. The
   * connection is made to the address that was checked, so a name that resolves differently the next time gains nothing.
   */
  readonly lookup: LookupFunction;
}

/**
 * Refuses every address that isn't public: a kubeconfig or a host name could otherwise point a function at the network
 * that it runs in, or at the cloud's metadata service.
 *
 * @param allowedNetworks CIDR blocks that may be called all the same, such as `10.20.0.0/16` of a peered cluster.
 * @throws InvalidInputError for a block that isn't one.
 */
export const addressGuard = (allowedNetworks: readonly string[]): AddressGuard => {
  const allowed = blockList(allowedNetworks);
  const assertAllowed = (host: string, address: string): void => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (allowed.check(address, family) || !NOT_PUBLIC.check(address, family)) return;
    throw new ForbiddenAddressError(
      `${host} leads to ${address}, which is no public address. If it is meant, add its network to ` +
        'FEDML_ALLOWED_PRIVATE_NETWORKS.',
    );
  };
  return {
    parseUrl(text) {
      const url = httpsUrl(text);
      const address = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(address)) assertAllowed(url.host, address);
      return url;
    },
    lookup(hostname, options, callback) {
      resolve(hostname, (error, addresses) => {
        try {
          if (error) throw error;
          for (const { address } of addresses) assertAllowed(hostname, address);
          if (options.all) callback(null, addresses);
          else callback(null, addresses[0]!.address, addresses[0]!.family);
        } catch (refusal) {
          callback(refusal as NodeJS.ErrnoException, '', 0);
        }
      });
    },
  };
};

/** IANA's special-purpose address registries: everything that isn't globally reachable, or that embeds an IPv4 address. */
const NOT_PUBLIC_NETWORKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const blockList = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    const version = isIP(address);
    if (!version || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (version === 6 ? 128 : 32)) {
      throw new InvalidInputError(`"${network}" is no network in CIDR notation, such as 10.20.0.0/16.`);
    }
    list.addSubnet(address, Number(prefix), version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
};

const NOT_PUBLIC = blockList(NOT_PUBLIC_NETWORKS);

const httpsUrl = (text: string): URL => {
  const url = URL.parse(text);
  if (!url) throw new InvalidInputError(`"${text.slice(0, 200)}" is no URL.`);
  if (url.protocol !== 'https:') throw new InvalidInputError(`${url.protocol}//${url.host} must begin with https://.`);
  if (url.username || url.password) throw new InvalidInputError(`The URL of ${url.host} must not carry a user name.`);
  return url;
};

type Resolved = (error: Error | null, addresses: { readonly address: string; readonly family: number }[]) => void;

/** `localhost` and the names below it are loopback by RFC 6761; not every system's resolver knows. */
const resolve = (hostname: string, resolved: Resolved): void => {
  if (/(^|\.)localhost$/i.test(hostname)) resolved(null, [{ address: '127.0.0.1', family: 4 }]);
  else resolveName(hostname, { all: true }, (error, addresses) => resolved(error, addresses ?? []));
};
