/** Standard output on a full disk: the service goes on without its lines, a command says so. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../bench/throughput/process.ts'
import { checkedFetch } from '../support/check-response.ts'
import { ENTRY, rekindle } from '../support/program.ts'
import { post } from '../support/service-process.ts'
import { PASSWORD } from '../support/values.ts'
import type { Place } from './fixtures.ts'
import { madeDatabase } from './fixtures.ts'

const skip = !existsSync('/dev/full') && 'there is no /dev/full'
const CANNOT = 'rekindle: the output cannot be written: ENOSPC: no space left on device, write\n'

function startFull(args: readonly string[], env: object) {
  const stdout = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', stdout, 'pipe'],
  })
  const ended = Promise.all([once(child, 'exit'), child.stderr === null ? '' : text(child.stderr)])
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended: ended.then(([[code], errors]) => ({ code, errors })),
  }
}

async function untilLive(url: string, signal: AbortSignal): Promise<void> {
  const isLive = async () => {
    try {
      return (await checkedFetch(`${url}/livez`)).ok
    } catch {
      return false
    }
  }
  while (!(await isLive())) await setTimeout(50, undefined, { signal })
}

async function useIt(url: string): Promise<void> {
  const body = { username: 'ada', password: PASSWORD }
  let token = (await post(`${url}/api/auth/login`, { body })).body.data['refresh_token'] ?? ''
  // More lines than are joined, and more than one write fails.
  for (let count = 0; count < 100; count++) {
    const { status, body } = await post(`${url}/refresh_token`, { token })
    assert.equal(status, 200)
    token = body.data['refresh_token'] ?? ''
  }
}

describe('serve: answers, and ends when it is told', { skip, timeout: 180_000 }, () => {
  const serve = async (t: TestContext, env: Place & object) => {
    assert.equal((await rekindle(['users', 'add', 'ada'], env, `${PASSWORD}\n`)).code, 0)
    const port = await freePort()
    const service = startFull(['serve'], { ...env, PORT: String(port) })
    t.after(() => service.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    await untilLive(url, t.signal)
    await useIt(url)
    service.kill('SIGTERM')
    return service.ended
  }

  test('in production', async (t) => {
    const { stdout } = await rekindle(['secret'])
    const env = { ...(await madeDatabase(t)), NODE_ENV: 'production', JWT_SECRET_KEY: stdout.trim() }
    assert.deepEqual(await serve(t, env), { code: 0, errors: '' })
  })

  test('in development, where it prints how to try it', async (t) => {
    assert.deepEqual(await serve(t, await madeDatabase(t)), { code: 1, errors: CANNOT })
  })
})

test('a command: one line and exit code 1', { skip }, async (t) => {
  const { ended } = startFull(['users', 'list', '--json'], await madeDatabase(t))
  assert.deepEqual(await ended, { code: 1, errors: CANNOT })
})
