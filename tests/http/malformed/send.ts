/** Requests that fetch would not send: raw paths, any method, bodies with GET. Connections are kept alive. */
import { Agent, request } from 'node:http'

export interface Hostile {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
  /** Without Content-Length */
  readonly chunked: boolean
}

export interface Received {
  readonly response: Response
  readonly text: string
}

export const agent = new Agent({ keepAlive: true })

// Characters that node:http refuses to send.
const unsendable = /[^\t\x20-\x7e\x80-\xff]/g
const unsendableInPath = /[^\x21-\x7e]/g

/** Text that a header can contain. */
export const inHeader = (text: string): string => text.replace(unsendable, '').trim()
/** Text that a path can contain; for the backslash, see sockets.test.ts. */
export const inPath = (text: string): string => text.replace(unsendableInPath, '').replaceAll('\\', '')

export function send(url: string, { method, path, headers, body, chunked }: Hostile): Promise<Received> {
  const { hostname, port } = new URL(url)
  const length = body === undefined ? 0 : Buffer.byteLength(body)
  const framing = chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': length }
  return new Promise((resolve, reject) => {
    const sent = request(
      { agent, hostname, port, method, path, headers: { ...headers, ...(body !== undefined && framing) } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const received = new Headers()
          for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
            received.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
          }
          const response = new Response(null, { status: incoming.statusCode ?? 0, headers: received })
          resolve({ response, text: Buffer.concat(chunks).toString() })
        })
      },
    )
    sent.on('error', reject).end(body)
  })
}

/** The path as routers read it: without dots, and with `%6d` for `m`, but neither `%2f` for `/` nor invalid UTF-8. */
export function understood(url: string, path: string): string {
  // Two slashes at the start would begin a host.
  const { pathname } = new URL(path.startsWith('//') ? `${url}${path}` : path, url)
  return pathname.replaceAll(/(?:%[0-9a-f]{2})+/gi, (sequence) => {
    try {
      return decodeURI(sequence)
    } catch {
      return sequence
    }
  })
}
