import { BlockList, isIP } from 'node:net';

/** Whether a text is an address, or a network such as `10.0.0.0/8`. */
export const isNetwork = (range: string): boolean => {
  const [address = '', prefix, ...rest] = range.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return (
    rest.length === 0 && bits > 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  );
};

/**
 * Tells whether an address lies in one of some networks; IPv4 written as IPv6 counts as IPv4.
 *
 * @param ranges - each {@link isNetwork}
 */
export const withinNetworks = (ranges: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
};
