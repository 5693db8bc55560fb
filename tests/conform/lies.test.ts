/** `rekindle conform` behind a proxy: each planted lie is found, and without one nothing is. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import { conform } from '../../src/conform/run.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'
import { alone, together } from './lies.ts'
import { lines } from './lines.ts'
import { startProxy } from './proxy.ts'

describe('a proxy that lies', () => {
  let service: Service
  let end = async () => {}
  before(async () => {
    const closers: (() => unknown)[] = []
    service = await startService({ after: (close: () => unknown) => void closers.push(close) } as TestContext)
    end = async () => {
      for (const close of closers) await close()
    }
  })
  after(() => end())

  test('without a lie, nothing is found; and nothing is asked about others', async (t) => {
    const { id } = await service.register('bystander')
    const { url, asked } = await startProxy(t, service.url)
    assert.deepEqual(lines(await conform({ url, adminToken: ADMIN_TOKEN })), [])
    assert.ok(asked.length > 200)
    assert.deepEqual(
      asked.filter((line) => line.includes(id) || line.includes('bystander')),
      [],
    )
    // Without a query it is asked with a wrong token, and beyond the limit nothing is listed either.
    const lists = asked.filter((line) => /^GET \/admin\/(users|events)\?(?!limit)/.test(line))
    assert.ok(lists.length > 2)
    for (const list of lists) assert.match(list, /\?(username=conform-|user_id=)/i)
  })

  test('of different responses: each lie is found', async (t) => {
    assert.ok(Object.keys(together).length > 16)
    const { url } = await startProxy(t, service.url, {
      lie: (answer) => {
        for (const { lie } of Object.values(together)) lie?.(answer)
      },
    })
    const differences = lines(await conform({ url }))
    for (const [name, { found }] of Object.entries(together))
      assert.ok(
        differences.some((line) => found.test(line)),
        `${name}:\n${differences.join('\n')}`,
      )
  })

  for (const [name, { lie, pretend, found }] of Object.entries(alone)) {
    test(name, async (t) => {
      const { url } = await startProxy(t, service.url, { lie, pretend })
      const differences = lines(await conform({ url }))
      assert.ok(
        differences.some((line) => found.test(line)),
        differences.join('\n'),
      )
    })
  }

  test('whatever the bodies are, the run comes to its end', async (t) => {
    for (const body of ['', 'null', '{"data":{}}', '{"status":"error","errors":[null]}']) {
      let answers = 0
      const { url } = await startProxy(t, service.url, {
        lie: (answer) => {
          // At first the run needs an account.
          if (answers++ > 40) answer.body = body
        },
      })
      assert.ok(lines(await conform({ url })).length > 10, body)
    }
  })

  test('tokens and passwords are in no line, whatever a server repeats', async (t) => {
    const seen = new Set<string>()
    const { url, asked } = await startProxy(t, service.url, {
      lie: (answer) => {
        const tokens = answer.body.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? []
        for (const token of [answer.bearer, ...tokens]) seen.add(token)
        const told = [...seen].at(-1) ?? ''
        if (answer.status >= 400) answer.headers.set('Content-Type', `text/${told}`)
        if (answer.body.startsWith('{')) answer.body = answer.body.replace('{', `{"${told}":1,`)
      },
    })
    const report = await conform({ url })
    for (const line of asked)
      for (const [, password = ''] of line.matchAll(/"(?:\w*password)":"([^"]{20,})"/g)) seen.add(password)
    const text = JSON.stringify(report)
    assert.ok(report.differences.length > 50 && seen.size > 50)
    for (const secret of seen) assert.ok(secret === '' || !text.includes(secret), secret)
  })
})
