/**
 * Firefox as it is installed, through WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). playwright-core drives only
 * builds of its own, or releases that know commands that the extended support release does not know yet.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { TabBrowser } from './tabs.ts'

const candidates = [process.env['FIREFOX'], '/usr/bin/firefox-esr', '/usr/bin/firefox', '/snap/bin/firefox']

export const firefoxPath = (): string | undefined =>
  candidates.find((path) => path !== undefined && existsSync(path))

// Nothing but the test is asked, and nothing else is shown.
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

interface Result {
  readonly type: 'success' | 'exception'
  readonly result?: { readonly value?: string }
  readonly exceptionDetails?: { readonly text: string }
}

/** A new profile in headless Firefox */
export async function launchFirefox(t: Pick<TestContext, 'after'>): Promise<TabBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'rekindle-firefox-'))
  const lines = Object.entries(PREFERENCES).map((pair) => `user_pref(${JSON.stringify(pair).slice(1, -1)});`)
  writeFileSync(join(profile, 'user.js'), lines.join('\n'))
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' }
  const child = spawn(firefoxPath() ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'], env })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  t.after(async () => {
    child.kill()
    await exited
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (data) => {
      said += data
      const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? []
      if (url) resolve(url)
    })
    void exited.then(() => reject(new Error(`Firefox did not start: ${said}`)))
  })
  const send = await connect(`${url}/session`)
  await send('session.new', { capabilities: {} })

  return {
    async newTab(url, before) {
      const { context } = await send<{ context: string }>('browsingContext.create', { type: 'tab' })
      const contexts = [context]
      if (before) {
        await send('script.addPreloadScript', { functionDeclaration: `() => { ${before} }`, contexts })
      }
      const open = async (url: string) => {
        await send('browsingContext.navigate', { context, url, wait: 'complete' })
      }
      await open(url)
      return {
        open,
        async run(expression) {
          const { type, result, exceptionDetails } = await send<Result>('script.evaluate', {
            expression: `(async () => JSON.stringify(await (${expression})))()`,
            target: { context },
            awaitPromise: true,
          })
          if (type === 'exception') throw new Error(exceptionDetails?.text)
          return result?.value === undefined ? undefined : JSON.parse(result.value)
        },
        close: async () => void (await send('browsingContext.close', { context })),
      }
    },
  }
}

async function connect(url: string) {
  const socket = new WebSocket(url)
  const waiting = new Map<number, PromiseWithResolvers<never>>()
  let id = 0
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error, message } = JSON.parse(String(data))
    if (error) waiting.get(id)?.reject(new Error(`${error}: ${message}`))
    else waiting.get(id)?.resolve(result as never)
  })
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Firefox has closed'))
  })
  return async <Answer>(method: string, params: object): Promise<Answer> => {
    const answer = Promise.withResolvers<never>()
    answer.promise.catch(() => {})
    waiting.set(++id, answer)
    socket.send(JSON.stringify({ id, method, params }))
    return answer.promise
  }
}
