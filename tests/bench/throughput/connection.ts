import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

type Answered = (status: number, text: string) => void

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

/** One keep-alive connection, and one request on it at a time: as much of HTTP/1.1 as our answers need. */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #answered: Answered | undefined

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    // Bytes as characters, so that lengths agree.
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#settle()
    })
    socket.on('close', () => {
      throw new Error('the service has closed a connection')
    })
  }

  send(request: string, answered: Answered): void {
    this.#answered = answered
    this.#socket.write(request)
  }

  #settle(): void {
    const head = this.#received.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = LENGTH.exec(this.#received.slice(0, head + 2))?.[1]
    const whole =
      length === undefined
        ? this.#received.endsWith('\r\n0\r\n\r\n')
        : this.#received.length >= head + 4 + Number(length)
    if (!whole) return
    const text = this.#received
    this.#received = ''
    this.#answered?.(Number(text.slice(9, 12)), text.slice(head + 4))
  }
}
