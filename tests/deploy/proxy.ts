/** The proxies of docs/deploy, with other ports and files, but every other line as it is there. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { accepts, freePort } from '../bench/throughput/process.ts'
import { pageAt } from '../docs/pages.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { until } from '../support/until.ts'

export const PROXIES = ['nginx', 'haproxy'] as const
export type ProxyName = (typeof PROXIES)[number]

// Debian's are not on the PATH of users.
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter)
export const isInstalled = (program: ProxyName) =>
  spawnSync(program, ['-v'], { env: { PATH } }).error === undefined

const FILES = { nginx: 'docs/deploy/nginx.conf', haproxy: 'docs/deploy/haproxy.cfg' }

export interface RunningProxy {
  readonly port: number
  /** The certificate of localhost */
  readonly ca: Buffer
  /** The ports of the two services, both free */
  readonly behind: readonly [number, number]
}

/** Replaces a text that has to occur. */
export function replaced(text: string, [from, to]: readonly [string | RegExp, string]): string {
  const result = text.replace(from, to)
  assert.notEqual(result, text, `nothing to replace: ${from}`)
  return result
}

/** @param changes to the file of docs/deploy: texts and what stands there instead */
export async function startProxy(
  t: Cleanup,
  name: ProxyName,
  changes: readonly (readonly [string | RegExp, string])[] = [],
): Promise<RunningProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-proxy-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const { key, certificate } = makeCertificate(directory)
  const [port, first, second] = [await freePort(), await freePort(), await freePort()]
  const places = [
    ...[
      ['127.0.0.1:8787', `127.0.0.1:${first}`],
      ['127.0.0.1:8788', `127.0.0.1:${second}`],
    ],
    ...(name === 'nginx'
      ? [
          ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
          ['/etc/ssl/auth.example.com.crt', certificate],
          ['/etc/ssl/auth.example.com.key', key],
        ]
      : [
          ['bind :443 ', `bind 127.0.0.1:${port} `],
          ['/etc/haproxy/auth.example.com.pem', join(directory, 'both.pem')],
        ]),
  ] as [string, string][]
  const text = [...changes, ...places].reduce(replaced, pageAt(FILES[name]))
  const file = join(directory, 'rekindle.conf')
  writeFileSync(file, text)
  const command = name === 'nginx' ? nginxCommand(directory, file) : ['haproxy', '-db', '-f', file]
  await run(t, command, port)
  return { port, ca: readFileSync(certificate), behind: [first, second] }
}

function makeCertificate(directory: string) {
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  })
  writeFileSync(join(directory, 'both.pem'), readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'))
  return { key, certificate }
}

/** The file is for the directory of sites, so a main file has to include it. */
function nginxCommand(directory: string, file: string): string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join(' ')
  // As root, nginx would give up the rights to its directory.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const main = join(directory, 'nginx.conf')
  writeFileSync(
    main,
    `${user} daemon off; pid ${directory}/pid; worker_processes 1; events {}
    http { access_log off; ${temporary} include ${file}; }`,
  )
  mkdirSync(join(directory, 'logs'))
  return ['nginx', '-p', directory, '-c', main, '-e', 'stderr']
}

async function run(t: Cleanup, [command = '', ...args]: readonly string[], port: number): Promise<void> {
  const child = spawn(command, args, { env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill())
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      if (output.length < 10_000) output += chunk.toString()
    })
  }
  await until(
    async () => child.exitCode !== null || (await accepts(port)),
    () => `${command}: ${output}`,
  )
  assert.equal(child.exitCode, null, `${command} ended: ${output}`)
}
