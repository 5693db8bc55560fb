/** Preloaded into the service: records all outgoing connections, and changes nothing else. */
import dgram from 'node:dgram'
import { appendFileSync } from 'node:fs'
import { Server, Socket } from 'node:net'

const file = process.env['OUTGOING'] ?? ''
const note = (line: string) => appendFileSync(file, `${line}\n`)

// Everything that connects by TCP, TLS or a local socket uses this function: pg, fetch, node:http.
const { connect } = Socket.prototype
Socket.prototype.connect = function (this: Socket, ...given: unknown[]) {
  const [first] = (Array.isArray(given[0]) ? given[0] : given) as [unknown]
  const { host, port, path } =
    typeof first === 'object' && first !== null
      ? (first as Record<string, unknown>)
      : { host: given[1], port: first, path: undefined }
  note(path === undefined ? `${host}:${port}` : String(path))
  return Reflect.apply(connect, this, given)
} as typeof connect

const { createSocket } = dgram
dgram.createSocket = ((...given: unknown[]) => {
  note('udp')
  return Reflect.apply(createSocket, dgram, given)
}) as typeof createSocket

// The line about the listener shows that the recording works.
const { listen } = Server.prototype
Server.prototype.listen = function (this: Server, ...given: unknown[]) {
  note('listens')
  return Reflect.apply(listen, this, given)
} as typeof listen
