import { BlockList, isIP, isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import ipaddr from 'ipaddr.js'
import type { Settings } from '../../config/settings.ts'
import type { Env } from '../contract.ts'

/**
 * An address in its usual spelling. A socket that listens on `::` shows IPv4 peers as `::ffff:192.0.2.1`; a zone (`%eth0`)
 * means nothing on other machines, and may be any text.
 */
export function plainAddress(address: string): string {
  const [withoutZone = ''] = address.split('%')
  return ipaddr.isValid(withoutZone) && isIP(withoutZone) !== 0
    ? ipaddr.process(withoutZone).toString()
    : withoutZone
}

// Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`.
const WITH_PORT = /^(?:([\d.]+):\d+|\[([\da-f]*:[\da-f:.]+)\](?::\d+)?)$/i

/** @returns undefined for text that is not an address */
function forwardedAddress(entry: string): string | undefined {
  const [, v4, v6] = WITH_PORT.exec(entry) ?? []
  const address = plainAddress(v4 ?? v6 ?? entry)
  return isIP(address) === 0 ? undefined : address
}

function trustedNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/**
 * Reads the client's address of a request. `X-Forwarded-For` counts only behind trusted proxies. Each proxy appends the
 * address that it saw, so the list is read from the right, as long as the address before is that of a trusted proxy.
 */
export function addressReader(trustProxy: Settings['trustProxy']): (c: Context<Env>) => string | null {
  const networks = typeof trustProxy === 'object' ? trustedNetworks(trustProxy) : undefined
  const isTrusted = (address: string, hops: number) =>
    networks === undefined
      ? hops < Number(trustProxy)
      : isIP(address) !== 0 && networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

  return (c) => {
    // Other runtimes than node-server tell no address.
    const { address } = c.env?.incoming === undefined ? {} : getConnInfo(c).remote
    if (address === undefined) return null
    let client = plainAddress(address)
    if (trustProxy === false) return client
    // The entries before the first untrusted address may be anything.
    const forwarded = c.req.header('X-Forwarded-For')?.split(',') ?? []
    for (let hops = 0; isTrusted(client, hops); hops++) {
      const next = forwardedAddress(forwarded.pop()?.trim() ?? '')
      if (next === undefined) break
      client = next
    }
    return client
  }
}
