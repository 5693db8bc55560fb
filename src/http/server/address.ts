import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import ipaddr from 'ipaddr.js'
import type { Settings } from '../../config/settings.ts'
import type { Env } from '../contract.ts'

/**
 * The canonical form of an address. A socket that listens on `::` shows IPv4 peers as `::ffff:192.0.2.1`. A zone (`%eth0`)
 * is removed, because it means nothing on other machines and may be any text.
 */
export function plainAddress(address: string): string {
  const [withoutZone = ''] = address.split('%')
  // An IPv4 address has one form.
  return isIPv6(withoutZone) && ipaddr.isValid(withoutZone)
    ? ipaddr.process(withoutZone).toString()
    : withoutZone
}

// Some proxies append the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`.
const WITH_PORT = /^(?:([\d.]+):\d+|\[([\da-f]*:[\da-f:.]+)\](?::\d+)?)$/i

/** Node's request. Undefined without node-server, such as in `app.request()`: the bindings are missing then. */
export const incomingOf = (c: Context<Env>): IncomingMessage | undefined =>
  (c.env as Partial<HttpBindings> | undefined)?.incoming

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
 * Creates a reader of client addresses. `X-Forwarded-For` counts only behind trusted proxies. Each proxy appends the
 * address of its peer, so entries are read from the right for as long as a trusted proxy has appended them.
 */
export function addressReader(trustProxy: Settings['trustProxy']): (c: Context<Env>) => string | null {
  const networks = typeof trustProxy === 'object' ? trustedNetworks(trustProxy) : undefined
  const isTrusted = (address: string, hops: number) =>
    networks === undefined
      ? hops < Number(trustProxy)
      : isIP(address) !== 0 && networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

  return (c) => {
    const address = incomingOf(c)?.socket.remoteAddress
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
