/**
 * Requests at a constant rate, on keep-alive sockets. The time of each counts from the moment that it was due: one that
 * could not be sent because others before it were slow has waited already.
 */
import { readFileSync } from 'node:fs'
import { Connection } from './connection.ts'
import { requestOf, successorOf } from './operation.ts'
import { Ring } from './ring.ts'

const { ports, operation, file, rate, count, uncounted, connections } = JSON.parse(process.argv[2] ?? '')
const tokens = new Ring(readFileSync(file, 'utf8').trim().split('\n'))
const request = requestOf(operation)
const successor = successorOf(operation)
const latencies = new Float64Array(count)
const idle: Connection[] = []
let due = 0
let sent = 0
let answered = 0
let refused = 0
let refusal = ''

for (let index = 0; index < connections; index++)
  idle.push(await Connection.open(ports[index % ports.length]))
const begun = performance.now()

function answer(connection: Connection, index: number, status: number, text: string, token: string) {
  latencies[index] = performance.now() - (begun + (index / rate) * 1000)
  answered++
  idle.push(connection)
  const next = successor(status, text, token)
  if (next !== undefined) {
    tokens.push(next)
    return
  }
  refused++
  refusal ||= `${status} ${text}`
}

function send() {
  while (sent < due && idle.length > 0) {
    const connection = idle.shift()
    const token = tokens.take()
    if (connection === undefined || token === undefined) throw new Error('more requests than tokens')
    const index = sent++
    connection.send(request(token), (status, text) => answer(connection, index, status, text, token))
  }
}

// A timer would be up to a millisecond late, which is as much as most requests take; not to sleep at all would take the
// core from PostgreSQL.
const NAP = 0.1
const bed = new Int32Array(new SharedArrayBuffer(4))

await new Promise<void>((resolve) => {
  const turn = () => {
    due = Math.min(count, 1 + Math.floor(((performance.now() - begun) / 1000) * rate))
    send()
    if (answered === count) return resolve()
    Atomics.wait(bed, 0, 0, NAP)
    setImmediate(turn)
  }
  turn()
})

const duration = (performance.now() - begun) / 1000
const counted = latencies.subarray(uncounted).sort()
const at = (share: number) => counted[Math.floor(counted.length * share)] ?? 0
const figures = {
  requests: answered,
  duration,
  p50: at(0.5),
  p99: at(0.99),
  p999: at(0.999),
  failed: 0,
  refused,
}
console.log(`RESULT ${JSON.stringify(figures)} ${refusal}`)
process.exit()
