/**
 * Loaded before a test file (`node --import`), it sends every request to a service through `prism proxy --errors`,
 * which compares both the request and the response with the contract. If it finds a violation, the test file fails.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { closed } from '../../src/conform/closed.ts'
import { ON_PURPOSE } from '../client/stateless.ts'
import { contract, operations } from '../support/check-response.ts'
import { startProgram } from '../support/program.ts'

const direct = globalThis.fetch
const violations: string[] = []
let checked = 0

// Prism knows one service, and each test has its own: the server behind Prism finds the right one by this header.
const SERVICE = 'X-Service'

function forward(incoming: IncomingMessage, response: ServerResponse): void {
  const { [SERVICE.toLowerCase()]: service, host: _, ...headers } = incoming.headers
  const { method } = incoming
  const outgoing = request(`${service}${incoming.url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 0, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => incoming.socket.destroy())
  incoming.pipe(outgoing)
}

const behind = createServer(forward).listen(0, '127.0.0.1')
await new Promise((listening) => behind.once('listening', listening))
behind.unref()
const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`
const root = fileURLToPath(new URL('../..', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'rekindle-prism-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const document = join(directory, 'closed.json')
// Prism has a header of its own for deprecated operations, of an older draft, which its mock sends in the place of ours.
const withoutDeprecated = (key: string, value: unknown) =>
  key === 'deprecated' || key === 'Deprecation' ? undefined : value
writeFileSync(document, JSON.stringify(closed(contract), withoutDeprecated))
const command = ['prism', 'proxy', '--errors', '--port', '0', document, upstream] as const
const prism = await startProgram({ after }, ['npx', ...command], { cwd: root }, /listening on (http:\S+)/)

// Prism would answer requests itself that break the contract on purpose, by this header or by missing credentials.
function goesThrough({ method, url, headers }: Request): boolean {
  const { pathname } = new URL(url)
  const found = operations.find((one) => one.method === method && one.pattern.test(pathname))
  if (found === undefined || headers.has(ON_PURPOSE.name)) return false
  const { security = [] } = found.operation as { security?: object[] }
  return security.length === 0 || headers.has('Authorization') || headers.has('Cookie')
}

globalThis.fetch = async (input, init) => {
  const made = new Request(input, init)
  if (!goesThrough(made)) return direct(made)
  const { method, url, headers, signal } = made
  const { origin, pathname, search } = new URL(url)
  headers.set(SERVICE, origin)
  // Prism does not forward bodies of unknown length.
  const body = await made.arrayBuffer()
  const response = await direct(prism + pathname + search, {
    method,
    headers,
    signal,
    ...(body.byteLength > 0 && { body }),
  })
  checked++
  if (response.headers.get('Content-Type') !== 'application/problem+json') return response
  const problem = await response.text()
  // The service has stopped, for example at the end of a test.
  if (problem.includes('"FetchError"')) throw new TypeError('fetch failed')
  violations.push(`${method} ${pathname}: ${problem}`)
  return new Response(problem, response)
}

after(() => {
  behind.closeAllConnections()
  console.log(`${checked} requests through Prism, ${violations.length} violations`)
  assert.deepEqual(violations, [])
})
