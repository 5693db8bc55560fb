import ipaddr from 'ipaddr.js'

/**
 * The network that an address is counted as. An IPv6 client usually has a whole /64 and could use a new address for each
 * request.
 */
export function networkOf(address: string | null): string {
  const parts = ipv6Parts(address)
  return Array.isArray(parts) ? prefixOf(parts, 64) : parts
}

/**
 * The networks of an address, from the widest to the narrowest, that share the threads for passwords. A provider assigns
 * a /48 or a /56 to a site, and often a whole /24 of IPv4 to one customer.
 */
export function lanesOf(address: string | null): readonly string[] {
  const parts = ipv6Parts(address)
  if (Array.isArray(parts)) return [48, 56, 64].map((length) => prefixOf(parts, length))
  return ipaddr.IPv4.isValid(parts) ? [parts.replace(/\d+$/, '0/24'), parts] : [parts]
}

/** The widest network of an address that is counted as one: see {@link lanesOf} */
export const widestNetworkOf = (address: string | null): string => lanesOf(address)[0] ?? 'unknown'

/** @returns the parts of an IPv6 address, or the text of any other one */
function ipv6Parts(address: string | null): number[] | string {
  if (address === null || !ipaddr.IPv6.isValid(address)) return address ?? 'unknown'
  const parsed = ipaddr.IPv6.parse(address)
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.parts
}

/** @param length 1 to 64 bits, a multiple of 8 */
function prefixOf(parts: readonly number[], length: number): string {
  const prefix = parts.slice(0, Math.ceil(length / 16))
  if (length % 16 !== 0) prefix.push(Number(prefix.pop()) & 0xff00)
  return `${prefix.map((part) => part.toString(16)).join(':')}::/${length}`
}
