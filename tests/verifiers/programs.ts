/** The verifiers of `docs/access-tokens.md` that are no libraries for Node, each started as a program of its own. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { accepts, freePort } from '../bench/throughput/process.ts'
import { temporaryDirectory } from '../docs/walk.ts'
import { LOCALHOST } from '../support/certificate.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { until } from '../support/until.ts'
import type { Verifier } from './page.ts'
import { codeFor, codeOf, userFrom, withBearer, writeModule } from './page.ts'
import type { Algorithm } from './service.ts'

/** Makes programs believe in a time that a test moves. Undefined where it is not installed. */
const FAKETIME = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0]
export const PYTHON = '/usr/bin/python3'

const runs = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0

export interface Program {
  readonly name: string
  readonly algorithms: readonly Algorithm[]
  readonly isInstalled: boolean
  start(t: Cleanup, options: StartOptions): Promise<Verifier>
}

export interface StartOptions {
  readonly publicUrl: string
  readonly algorithm: Algorithm
  /** A file from {@link clockFile}, for programs whose time moves */
  readonly clock?: string | undefined
}

const PUBLIC = ['ES256', 'RS256', 'EdDSA'] as const
const WITHOUT_EDDSA = ['ES256', 'RS256'] as const

export const PROGRAMS: readonly Program[] = [
  {
    name: 'PyJWT',
    algorithms: PUBLIC,
    isInstalled: runs(PYTHON, '-c', 'import jwt, cryptography'),
    start: (t, options) => startInterpreter(t, [PYTHON], codeOf('Python', 'python'), PYTHON_LOOP, options),
  },
  {
    name: 'Authlib',
    algorithms: PUBLIC,
    isInstalled: runs(PYTHON, '-c', 'import authlib.jose'),
    start: (t, options) => startInterpreter(t, [PYTHON], codeOf('Python', 'python', 1), PYTHON_LOOP, options),
  },
  {
    name: 'ruby-jwt',
    algorithms: WITHOUT_EDDSA,
    isInstalled: runs('ruby', '-e', 'require "jwt"'),
    start: (t, options) => startInterpreter(t, ['ruby'], codeOf('Ruby', 'ruby'), RUBY_LOOP, options),
  },
  {
    name: 'HAProxy',
    algorithms: WITHOUT_EDDSA,
    isInstalled: existsSync('/usr/sbin/haproxy'),
    start: startHaproxy,
  },
  {
    name: 'mod_oauth2',
    algorithms: WITHOUT_EDDSA,
    isInstalled: existsSync('/usr/lib/apache2/modules/mod_oauth2.so') && existsSync('/usr/sbin/apache2'),
    start: startApache,
  },
]

/** @returns a file that programs read their time from, and what moves it; undefined without libfaketime */
export function clockFile(
  t: Cleanup,
): { readonly file: string; move(milliseconds: number): void } | undefined {
  if (FAKETIME === undefined) return undefined
  const file = join(temporaryDirectory(t), 'clock')
  chmodSync(join(file, '..'), 0o755)
  writeFileSync(file, '+0\n')
  return { file, move: (milliseconds) => writeFileSync(file, `+${milliseconds / 1000}\n`) }
}

const timeOf = (clock: string | undefined) =>
  clock === undefined
    ? {}
    : {
        ...{ LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' },
        ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1' },
      }

const PYTHON_LOOP = `
import sys
for line in sys.stdin:
    try:
        print(user_of(line.strip()), flush=True)
    except Exception as error:
        print("refused", type(error).__name__, flush=True)
`

const RUBY_LOOP = `
$stdout.sync = true
$stdin.each_line do |line|
  puts user_of(line.strip)
rescue StandardError => error
  puts "refused #{error.class}"
end
`

/** Code that defines `user_of`, which gets one token a line. */
async function startInterpreter(
  t: Cleanup,
  [command = '']: readonly string[],
  code: string,
  loop: string,
  { publicUrl, algorithm, clock }: StartOptions,
): Promise<Verifier> {
  const certificate = join(temporaryDirectory(t), 'localhost.pem')
  writeFileSync(certificate, LOCALHOST.cert)
  const file = writeModule(t, codeFor(code, publicUrl, algorithm) + loop, 'verifier')
  const env = { PATH: process.env['PATH'], SSL_CERT_FILE: certificate, ...timeOf(clock) }
  const child = spawn(command, [file], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  return (token) => {
    const answer = last.then(async () => {
      child.stdin.write(`${token}\n`)
      const { value, done } = await lines.next()
      assert.ok(done !== true, `${command} has ended`)
      return value.startsWith('refused') ? undefined : value
    })
    last = answer
    return answer
  }
}

async function startServer(
  t: Cleanup,
  [command, ...args]: readonly [string, ...string[]],
  port: number,
  clock?: string,
) {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], ...timeOf(clock) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  const stop = () => {
    const ended = new Promise((resolve) => child.on('exit', resolve))
    if (child.exitCode === null && child.signalCode === null) child.kill()
    else return undefined
    return ended
  }
  t.after(stop)
  await until(
    async () => child.exitCode !== null || (await accepts(port)),
    () => `${command}: ${output}`,
  )
  assert.equal(child.exitCode, null, `${command} ended: ${output}`)
  return stop
}

/** An API that believes the header of the proxy before it. */
async function startApi(t: Cleanup): Promise<string> {
  const server = createServer((request, response) => {
    response.end(`things of user ${request.headers['x-user']}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Reads the key set for each token that is verified, as the page says to do every hour, if the set has changed. */
async function startHaproxy(t: Cleanup, { publicUrl, algorithm, clock }: StartOptions): Promise<Verifier> {
  const [directory, port, api] = [temporaryDirectory(t), await freePort(), await startApi(t)]
  const here = (code: string) => codeFor(code, publicUrl, algorithm).replaceAll('/etc/haproxy', directory)
  const file = join(directory, 'haproxy.cfg')
  const configuration = here(codeOf('HAProxy', 'haproxy'))
  writeFileSync(file, configuration.replace(':8080', `127.0.0.1:${port}`).replace('127.0.0.1:3000', api))
  const script = writeModule(t, here(codeOf('HAProxy', 'js')))
  let stop: (() => unknown) | undefined
  let set = ''
  return async (token) => {
    const found = await (await fetch(`${publicUrl}/.well-known/jwks.json`)).text()
    if (found !== set) {
      await stop?.()
      await import(`${pathToFileURL(script).href}?${found.length}-${Date.now()}`)
      stop = await startServer(t, ['/usr/sbin/haproxy', '-db', '-f', file], port, clock)
      set = found
    }
    return userFrom(fetch(`http://127.0.0.1:${port}/things`, withBearer(token)))
  }
}

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'headers', 'oauth2']

async function startApache(t: Cleanup, { publicUrl, algorithm, clock }: StartOptions): Promise<Verifier> {
  const [directory, port] = [temporaryDirectory(t), await freePort()]
  chmodSync(directory, 0o755)
  const pages = join(directory, 'pages')
  mkdirSync(pages)
  writeFileSync(join(pages, 'things'), 'things of user')
  // For its own requests it has no setting for a certificate.
  const code = codeFor(codeOf('Apache', 'apache'), publicUrl, algorithm).replace(
    'verify.exp=required',
    'verify.exp=required&jwks_uri.ssl_verify=false',
  )
  const file = join(directory, 'apache.conf')
  writeFileSync(
    file,
    `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ServerRoot ${directory}
ServerName localhost
PidFile ${directory}/pid
Listen 127.0.0.1:${port}
ErrorLog ${directory}/log
DocumentRoot ${pages}
Header always set X-User "expr=%{REMOTE_USER}"
${code}`,
  )
  await startServer(t, ['/usr/sbin/apache2', '-f', file, '-DFOREGROUND'], port, clock)
  return async (token) => {
    const response = await fetch(`http://127.0.0.1:${port}/things`, withBearer(token))
    await response.text()
    if (response.status === 401) return undefined
    assert.equal(response.status, 200)
    return response.headers.get('x-user') ?? undefined
  }
}
