import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs, { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { keptSecret } from '../../src/config/kept-secret.ts'
import { readServiceSettings } from '../../src/config/settings.ts'
import { fresh, modeOf, textOf, windows } from './fresh.ts'
import { strong } from './rows.ts'

test('10 processes that start at once end with one secret', { timeout: 180_000 }, async () => {
  const { directory, file, env } = fresh()
  const module = new URL('../../src/config/kept-secret.ts', import.meta.url).href
  // Each waits for the signal to start, so that none of them finds a file.
  const code = `const { keptSecret } = await import(${JSON.stringify(module)})
    process.stdin.once('data', () => {
      process.stdin.destroy()
      process.stdout.write(keptSecret(${JSON.stringify(file)}).secret)
    })
    process.stdout.write('ready ')`
  const racers = Array.from({ length: 10 }, () => {
    const racer = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ready = new Promise((resolve) => racer.stdout.once('data', resolve))
    return { racer, ready, said: racer.stdout.setEncoding('utf8').toArray() }
  })
  await Promise.all(racers.map(({ ready }) => ready))
  for (const { racer } of racers) racer.stdin.end('go')
  const said = await Promise.all(racers.map(async ({ said }) => (await said).join('')))
  assert.deepEqual(new Set(said), new Set([`ready ${readFileSync(file, 'utf8').trim()}`]))
  assert.deepEqual(readdirSync(directory), ['rekindle.db.secret'])
  assert.equal(`ready ${textOf(readServiceSettings(env).secrets.current)}`, said[0])
})

test('without hard links, the first to write wins', () => {
  const noLinks =
    (code: string, meanwhile = () => {}) =>
    () => {
      meanwhile()
      throw Object.assign(new Error(code), { code })
    }
  const alone = fresh()
  const made = keptSecret(alone.file, noLinks('EPERM'))
  let links = 0
  assert.deepEqual(
    keptSecret(alone.file, () => links++),
    made,
  )
  assert.equal(links, 0, 'a secret that is there is only read')
  if (!windows) assert.equal(modeOf(alone.file), '600')

  for (const code of ['EPERM', 'EEXIST']) {
    const { directory, file } = fresh()
    const late = keptSecret(
      file,
      noLinks(code, () => writeFileSync(file, strong, { mode: 0o600 })),
    )
    assert.deepEqual(late, { secret: strong, warnings: [] })
    assert.deepEqual(readdirSync(directory), ['rekindle.db.secret'])
  }
})

test('without hard links, a file that is still empty is waited for', async () => {
  const { file, env } = fresh()
  readServiceSettings(env)
  writeFileSync(file, '')
  // The reader blocks this thread, so the writer is another one.
  const code = `const { parentPort, workerData } = require('node:worker_threads')
    parentPort.once('message', () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      require('node:fs').writeFileSync(workerData.file, workerData.secret)
    })`
  const maker = new Worker(code, { eval: true, workerData: { file, secret: strong } })
  await once(maker, 'online')
  maker.postMessage('go')
  assert.deepEqual(keptSecret(file), { secret: strong, warnings: [] })
  await once(maker, 'exit')
})

test('a secret is on disk before it has its name', (t) => {
  const { file } = fresh()
  const calls: string[] = []
  const { fsyncSync, linkSync } = fs
  // writeFileSync calls it with `flush`.
  t.mock.method(fs, 'fsyncSync', (handle: number) => {
    fsyncSync(handle)
    calls.push('sync')
  })
  const { secret } = keptSecret(file, (draft, name) => {
    linkSync(draft, name)
    calls.push(`link ${name}`)
  })
  assert.deepEqual(calls, ['sync', `link ${file}`])
  assert.equal(readFileSync(file, 'utf8'), `${secret}\n`)
})
