/** The closed loop where there is no wrk. It is slower itself, but a process of its own. */
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'
import { successorOf } from './operation.ts'

const { ports, operation, file, seconds, connections } = JSON.parse(process.argv[2] ?? '')
const tokens = readFileSync(file, 'utf8').trim().split('\n')
const lines = operation.header.split('\r\n').map((line: string) => line.split(': '))
const successor = successorOf(operation)
let refused = 0
let refusal = ''
let taken = 0

function take(): string {
  const token = tokens[taken++] ?? ''
  if (operation.next === undefined) tokens.push(token)
  return token
}

const result = await autocannon({
  url: ports.map((port: number) => `http://127.0.0.1:${port}`),
  connections,
  duration: seconds,
  timeout: 30,
  // Milliseconds; it only stops when it samples.
  sampleInt: 100,
  requests: [
    {
      method: operation.method,
      path: operation.path,
      setupRequest(request) {
        const token = take()
        const headers = Object.fromEntries(
          lines.map(([name = '', value = '']: string[]) => [name, value.replace('TOKEN', () => token)]),
        )
        return { ...request, headers, body: operation.body.replace('TOKEN', () => token) }
      },
      onResponse(status, answer) {
        const next = successor(status, answer, '')
        if (next !== undefined) {
          if (operation.next !== undefined) tokens.push(next)
          return
        }
        refused++
        refusal ||= `${status} ${answer}`
      },
    },
  ],
})
const { requests, duration, latency, errors } = result
const figures = {
  requests: requests.total,
  duration,
  p50: latency.p50,
  p99: latency.p99,
  failed: errors,
  refused,
}
console.log(`RESULT ${JSON.stringify(figures)} ${refusal}`)
