import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { TestContext } from 'node:test'

/** A proxy between the service and PostgreSQL. */
export interface Wire {
  /** The URL of the database through this proxy */
  readonly url: string
  /** Cuts all connections, and accepts no new ones until it is repaired */
  cut(): void
  /** Passes nothing on in either direction, but keeps the connections */
  stall(): void
  mend(): void
}

/** @param url of the database behind it */
export async function openWire(t: Pick<TestContext, 'after'>, url: string): Promise<Wire> {
  const target = new URL(url)
  const { port, hostname } = target
  const sockets = new Set<Socket>()
  let state: 'whole' | 'cut' | 'stalled' = 'whole'
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
      one.pipe(other)
    }
    if (state === 'cut') near.destroy()
    if (state === 'stalled') pause(true)
  })
  const pause = (paused: boolean) => {
    for (const socket of sockets) {
      if (paused) socket.pause()
      else socket.resume()
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  target.port = String((server.address() as AddressInfo).port)
  return {
    url: target.href,
    cut() {
      state = 'cut'
      for (const socket of sockets) socket.destroy()
    },
    stall() {
      state = 'stalled'
      pause(true)
    },
    mend() {
      state = 'whole'
      pause(false)
    },
  }
}
