/** Connections that send a byte now and then and never come to an end, half of them in their headers. They ignore the end of
 * the other side, so only their destruction ends them. */
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** What became of one connection. */
export interface SlowConnection {
  readonly kind: 'headers' | 'body'
  /** Of the answer, before the connection was ended; undefined: none */
  readonly status: number | undefined
  /** Milliseconds until the service destroyed it; undefined: it still stands */
  readonly lived: number | undefined
}

const BEGINNINGS = {
  headers: 'POST /refresh_token HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  body: 'POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{',
} as const

// Milliseconds between two bytes of a connection: not all at once
const BETWEEN = 1000
const PORTIONS = 50

/** @param seconds that they are held for, unless the service ends them. @param opened is called when all of them stand */
export async function holdSlow(
  port: number,
  count: number,
  seconds: number,
  opened: () => void = () => {},
): Promise<SlowConnection[]> {
  const sockets: Held[] = []
  for (let index = 0; index < count; index++) {
    sockets.push(new Held(port, index % 2 === 0 ? 'headers' : 'body'))
    // A backlog that is full would be another matter.
    if (index % 50 === 49) await pause(10)
  }
  await Promise.all(sockets.map(({ connected }) => connected))
  opened()
  const end = performance.now() + seconds * 1000
  for (let portion = 0; performance.now() < end && sockets.some(({ isOpen }) => isOpen); portion++) {
    for (let index = portion % PORTIONS; index < count; index += PORTIONS) sockets[index]?.dribble()
    await pause(BETWEEN / PORTIONS)
  }
  return sockets.map((held) => held.end())
}

class Held {
  readonly #socket: Socket
  readonly #kind: SlowConnection['kind']
  readonly connected: Promise<void>
  #begun = 0
  #lived: number | undefined
  #answer = ''

  constructor(port: number, kind: SlowConnection['kind']) {
    this.#kind = kind
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.connected = new Promise((resolve, reject) => {
      this.#socket.once('connect', () => {
        this.#begun = performance.now()
        this.#socket.write(BEGINNINGS[kind])
        resolve()
      })
      this.#socket.on('error', reject)
    })
    this.#socket.on('data', (chunk: Buffer) => {
      this.#answer += chunk.toString('latin1')
    })
    this.#socket.on('close', () => {
      this.#lived ??= performance.now() - this.#begun
    })
  }

  get isOpen(): boolean {
    return this.#lived === undefined
  }

  dribble(): void {
    if (this.#socket.writable) this.#socket.write('a')
  }

  end(): SlowConnection {
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(this.#answer)?.[1]
    const connection = {
      kind: this.#kind,
      status: status === undefined ? undefined : Number(status),
      lived: this.#lived,
    }
    this.#socket.destroy()
    return connection
  }
}
