/** Closes connections whose clients take too long to read their answers. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Core } from '../core.ts'
import { plainAddress } from './address.ts'

/** What clients must keep to. */
interface Pace {
  /** Milliseconds between two checks */
  readonly interval: number
  /** Milliseconds, regardless of the size */
  readonly patience: number
  /** Bytes per second */
  readonly rate: number
}

/** A connection that the operating system has not taken all bytes of. */
interface Congestion {
  readonly since: number
  /** The number of bytes taken before it */
  readonly taken: number
}

interface Connection {
  readonly socket: Socket
  congestion: Congestion | undefined
}

/**
 * Node's timeout begins anew with every byte that moves, so a client could take an answer for ever. Here the time is
 * limited: from when an answer first waits in the process until the operating system has taken all of it.
 */
export function cutSlowReaders(
  server: Server,
  { interval, patience, rate }: Pace,
  core: Pick<Core, 'log' | 'metrics'> | undefined,
): void {
  const connections = new Set<Connection>()
  // Without a listener for the end of each socket: with a second one, exchanges took a fifth more CPU, for garbage collection.
  server.on('connection', (socket: Socket) => {
    connections.add({ socket, congestion: undefined })
  })
  const check = () => {
    const now = performance.now()
    for (const connection of connections) {
      const { socket, congestion } = connection
      const { writableLength, bytesWritten } = socket
      if (socket.destroyed) connections.delete(connection)
      else if (writableLength === 0) {
        connection.congestion = undefined
      } else if (congestion === undefined) {
        connection.congestion = { since: now, taken: bytesWritten - writableLength }
      } else if (now - congestion.since > patience + ((bytesWritten - congestion.taken) / rate) * 1000) {
        cut(socket, core)
      }
    }
  }
  const timer = setInterval(check, interval).unref()
  server.once('close', () => clearInterval(timer))
  // Node's timeout: nothing has moved. Without this listener Node would destroy the socket by itself.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0) cut(socket, core)
    else socket.destroy()
  })
}

/** Its requests have their lines already, with the status of the answers. */
function cut(socket: Socket, core: Pick<Core, 'log' | 'metrics'> | undefined): void {
  const { remoteAddress } = socket
  // A reset also frees what the operating system holds for the client.
  socket.resetAndDestroy()
  core?.metrics?.unread()
  try {
    const address = remoteAddress === undefined ? null : plainAddress(remoteAddress)
    core?.log.info({ reason: 'answer_unread', address }, 'connection closed')
  } catch {
    // A failing log must not stop the check of the other connections.
  }
}
