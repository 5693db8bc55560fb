/** A process with very many followers, each with a connection of its own. It only counts what it gets. */
import { Agent, get } from 'node:http'

const [url = '', token = '', count = '0'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json' }
const known = new Map<string, number>()
let slowest = 0

/** From when the first follower learned of a cursor until the last one did */
function learned(cursor: string): void {
  const now = performance.now()
  known.set(cursor, known.get(cursor) ?? now)
  slowest = Math.max(slowest, now - (known.get(cursor) ?? now))
}

function ask(cursor: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${url}?wait=25${cursor === '' ? '' : `&cursor=${cursor}`}`, { agent, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve(/"cursor":"([^"]+)"/.exec(text)?.[1] ?? ''))
    }).on('error', reject)
  })
}

async function follow(): Promise<never> {
  let cursor = ''
  for (;;) {
    const next = await ask(cursor).catch(() => cursor)
    if (next !== cursor) learned(next)
    cursor = next
  }
}

for (let started = 0; started < Number(count); started++) {
  void follow()
  // Not faster than a server accepts
  if (started % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
console.log('following')
setInterval(() => {
  console.log(`slowest ${Math.round(slowest)}`)
  slowest = 0
}, 1000)
