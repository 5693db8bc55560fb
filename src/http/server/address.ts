import { BlockList, isIP, isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import type { Settings } from '../../config/settings.ts'
import type { Env } from '../contract.ts'

// A socket that listens on :: shows IPv4 peers as ::ffff:192.0.2.1. A zone (%eth0) is of no use elsewhere, and any text.
export const plainAddress = (address: string) =>
  address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '')

// Some proxies write the port as well: 192.0.2.1:4711, [2001:db8::1]:4711, [2001:db8::1].
function portless(entry: string): string {
  const [, v4, v6] = /^(?:([\d.]+):\d+|\[([\da-f]*:[\da-f:.]+)\](?::\d+)?)$/i.exec(entry) ?? []
  return v4 ?? v6 ?? entry
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
 * Tells a request's address. `X-Forwarded-For` counts only behind trusted proxies: each appends the address that it
 * saw, so that the list is believed from the right, as far as trust goes.
 */
export function addressReader(trustProxy: Settings['trustProxy']): (c: Context<Env>) => string | null {
  const networks = typeof trustProxy === 'object' ? trustedNetworks(trustProxy) : undefined
  const isTrusted = (address: string, hops: number) =>
    networks === undefined
      ? hops < Number(trustProxy)
      : isIP(address) !== 0 && networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

  return (c) => {
    const { address } = getConnInfo(c).remote
    if (address === undefined) return null
    let client = plainAddress(address)
    if (trustProxy === false) return client
    // Read as far as trust goes: the rest may be thousands of anything.
    const forwarded = c.req.header('X-Forwarded-For')?.split(',') ?? []
    for (let hops = 0; isTrusted(client, hops); hops++) {
      const next = plainAddress(portless(forwarded.pop()?.trim() ?? ''))
      if (isIP(next) === 0) break
      client = next
    }
    return client
  }
}
